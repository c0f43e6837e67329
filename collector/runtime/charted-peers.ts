import { chartsEveryPeer, fewPeers, type PeerCharts } from '../aggregate/windows/vitals.ts';
import type { Log } from '../netdata/log.ts';

/** Reports what `peer_charts: auto` has chosen for a job, and why: each choice once, however often the peers change. */
export function createChartedPeersNote(job: string, peerCharts: PeerCharts, log: Log): (peers: number) => void {
  const told = new Set<boolean>();
  return (peers) => {
    if (peerCharts !== 'auto' || peers === 0) return;
    const every = chartsEveryPeer(peerCharts, peers);
    if (told.has(every)) return;
    told.add(every);
    const count = peers === 1 ? '1 peer' : `${peers} peers`;
    log.info(
      every
        ? `${job}: peer_charts is auto: every peer has charts (${count}; auto does this up to ${fewPeers})`
        : `${job}: peer_charts is auto: only peers that fail have charts (${count}; auto gives every peer charts up to ${fewPeers})`,
    );
  };
}
