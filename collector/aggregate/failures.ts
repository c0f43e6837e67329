import {
  type ConnectKind,
  type Counts,
  connectKinds,
  type ErrorLine,
  type FailureKind,
  failureKinds,
  type Kind,
  type PeerKind,
  peerKinds,
} from '../model.ts';
import type { Instances } from './instances.ts';

/** Running totals of one instance, by kind. */
export type Tally<K extends string> = Record<K, number>;

export function tally<K extends string>(kinds: readonly K[]): Tally<K> {
  return Object.fromEntries(kinds.map((kind) => [kind, 0])) as Tally<K>;
}

export interface PeerCounters {
  readonly failures: Tally<PeerKind>;
}

export interface UpstreamCounters {
  readonly failures: Tally<FailureKind>;
}

export const newPeerCounters = (): PeerCounters => ({ failures: tally(peerKinds) });
export const newUpstreamCounters = (): UpstreamCounters => ({ failures: tally(failureKinds) });

export interface Failures {
  /** Counts a line of the error log where it belongs: the job, the upstream, the peer. */
  record(line: ErrorLine, nowUs: number): void;
  connectFailures(): Counts<ConnectKind>;
}

/**
 * Measure 1: failures per peer and kind. A line that nginx cut off before its `upstream:` field still counts for the
 * job; whose it was cannot be told, and is not guessed.
 *
 * @param upstreamOf names the upstream of what stands in the `upstream:` field: a peer, or a group of which none was live
 */
export function createFailures(
  peers: Instances<PeerCounters>,
  upstreams: Instances<UpstreamCounters>,
  upstreamOf: (peer: string) => string,
): Failures {
  const connect = tally(connectKinds);

  return {
    record({ kind, upstream }, nowUs) {
      if (!isFailure(kind)) return;
      if (isConnect(kind)) connect[kind]++;
      if (!upstream) return;
      const name = upstreamOf(upstream.peer);
      upstreams.at(name, name, nowUs).counters.failures[kind]++;
      if (namesPeer(kind)) peers.at(name, upstream.peer, nowUs).counters.failures[kind]++;
    },
    connectFailures: () => ({ ...connect }),
  };
}

const failureSet: ReadonlySet<string> = new Set(failureKinds);
const connectSet: ReadonlySet<string> = new Set(connectKinds);
const peerSet: ReadonlySet<string> = new Set(peerKinds);
const isFailure = (kind: Kind): kind is FailureKind => failureSet.has(kind);
const isConnect = (kind: Kind): kind is ConnectKind => connectSet.has(kind);
const namesPeer = (kind: FailureKind): kind is PeerKind => peerSet.has(kind);
