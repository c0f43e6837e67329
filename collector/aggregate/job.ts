import type { ErrorLine, JobSnapshot, LogTotals, PluginLoad } from '../model.ts';
import { createFailures, newPeerCounters, newUpstreamCounters } from './failures.ts';
import { createInstances } from './instances.ts';

/** What the sources of a job were like in this tick. */
export interface SourceHealth {
  readonly errorLogsFine: boolean;
  readonly lines: LogTotals;
  readonly behindBytes: number;
  readonly ok: number;
  readonly failing: number;
}

export interface JobAggregate {
  errorLine(line: ErrorLine, nowUs: number): void;
  /** All that is known now. A source that failed makes its measures null: a gap, never a zero. */
  snapshot(nowUs: number, health: SourceHealth, load: PluginLoad): JobSnapshot;
}

export interface JobOptions {
  readonly job: string;
  readonly maxPeers: number;
  /** Which upstream a peer belongs to. */
  readonly upstreamOf: (peer: string) => string;
}

/** Everything that is counted for one job: events in, snapshots out. */
export function createJobAggregate({ job, maxPeers, upstreamOf }: JobOptions): JobAggregate {
  const peers = createInstances(maxPeers, newPeerCounters);
  const upstreams = createInstances(maxPeers, newUpstreamCounters);
  const failures = createFailures(peers, upstreams, upstreamOf);

  return {
    errorLine: failures.record,

    snapshot(nowUs, health, load) {
      peers.expire(nowUs);
      upstreams.expire(nowUs);
      const known = health.errorLogsFine;
      return {
        job,
        connectFailures: known ? failures.connectFailures() : null,
        lines: health.lines,
        behindBytes: health.behindBytes,
        sources: { ok: health.ok, failing: health.failing },
        load,
        upstreams: Array.from(upstreams.all(), ({ upstream, origin, counters }) => ({
          upstream,
          origin,
          failures: known ? { ...counters.failures } : null,
        })),
        peers: Array.from(peers.all(), ({ upstream, peer, origin, counters }) => ({
          upstream,
          peer,
          origin,
          failures: known ? { ...counters.failures } : null,
        })),
      };
    },
  };
}
