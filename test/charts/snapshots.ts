import {
  connectKinds,
  failureKinds,
  type JobSnapshot,
  type PeerSnapshot,
  peerKinds,
  type UpstreamSnapshot,
} from '../../collector/model.ts';

/** Snapshots for tests: everything zero but what is said. */
export function zeros<K extends string>(kinds: readonly K[], some: Partial<Record<K, number>> = {}): Record<K, number> {
  return { ...Object.fromEntries(kinds.map((kind) => [kind, 0])), ...some } as Record<K, number>;
}

export function peer(name: string, some: Partial<PeerSnapshot> = {}): PeerSnapshot {
  return { upstream: name, peer: name, origin: 'log', failures: zeros(peerKinds), ...some };
}

export function upstream(name: string, some: Partial<UpstreamSnapshot> = {}): UpstreamSnapshot {
  return { upstream: name, origin: 'log', failures: zeros(failureKinds), ...some };
}

export function job(some: Partial<JobSnapshot> = {}): JobSnapshot {
  return {
    job: 'local',
    connectFailures: zeros(connectKinds),
    lines: { read: 0, unmatched: 0, foreign: 0, forged: 0, overlong: 0, lost: 0 },
    behindBytes: 0,
    sources: { ok: 1, failing: 0 },
    load: { cpuUs: 0, residentBytes: 0, lateTicks: 0 },
    upstreams: [],
    peers: [],
    ...some,
  };
}
