import {
  type ConnectKind,
  type Counts,
  connectKinds,
  type ErrorLine,
  type FailureKind,
  failureKinds,
  type Kind,
  type PeerKind,
  peerConnectKinds,
  peerKinds,
  type UpstreamOf,
} from '../../model.ts';
import type { PeerAccess, UpstreamAccess } from '../access/counters.ts';
import type { Instances } from '../instances.ts';
import { createShown, type Tally, tally } from './tally.ts';

/** Failures of one instance, and how they are shown. */
interface FailureCounts<K extends string> {
  readonly failures: Tally<K>;
  readonly shownFailures: () => Counts<K>;
}

export interface PeerCounters extends FailureCounts<PeerKind> {
  /** null as long as no access log told of it. */
  access: PeerAccess | null;
}

export interface UpstreamCounters extends FailureCounts<FailureKind> {
  access: UpstreamAccess | null;
}

export const newPeerCounters = (): PeerCounters => ({ ...failureCounts(peerKinds), access: null });
export const newUpstreamCounters = (): UpstreamCounters => ({ ...failureCounts(failureKinds), access: null });

function failureCounts<K extends string>(kinds: readonly K[]): FailureCounts<K> {
  const failures = tally(kinds);
  return { failures, shownFailures: createShown(kinds, (i) => failures[kinds[i] as K]) };
}

export interface Failures {
  /** Counts a line of the error log where it belongs: the job, the upstream, the peer. */
  record(line: ErrorLine, nowUs: number): void;
  connectFailures(): Counts<ConnectKind>;
  /** Failed connects that an access log has, too (measure 4); `truncated` are those whose peer nginx cut off. */
  reconcilable(): { readonly errorLog: number; readonly truncated: number };
}

const reconciledKinds: ReadonlySet<string> = new Set(peerConnectKinds);

/**
 * Measure 1: failures per peer and kind. A line that nginx cut off before its `upstream:` field still counts for the
 * job; whose it was cannot be told, and is not guessed.
 */
export function createFailures(
  peers: Instances<PeerCounters>,
  upstreams: Instances<UpstreamCounters>,
  upstreamOf: UpstreamOf,
): Failures {
  const connect = tally(connectKinds);
  const reconcilable = { errorLog: 0, truncated: 0 };

  return {
    record({ kind, upstream, protocol, truncated }, nowUs) {
      if (!isFailure(kind)) return;
      if (isConnect(kind)) connect[kind]++;
      if (reconciledKinds.has(kind)) {
        if (upstream) reconcilable.errorLog++;
        else if (truncated) reconcilable.truncated++;
      }
      if (!upstream) return;
      const name = upstreamOf(upstream.peer, null, protocol);
      upstreams.at(name, name, nowUs).counters.failures[kind]++;
      if (namesPeer(kind)) peers.at(name, upstream.peer, nowUs).counters.failures[kind]++;
    },
    connectFailures: () => ({ ...connect }),
    reconcilable: () => ({ ...reconcilable }),
  };
}

const failureSet: ReadonlySet<string> = new Set(failureKinds);
const connectSet: ReadonlySet<string> = new Set(connectKinds);
const peerSet: ReadonlySet<string> = new Set(peerKinds);
const isFailure = (kind: Kind): kind is FailureKind => failureSet.has(kind);
const isConnect = (kind: Kind): kind is ConnectKind => connectSet.has(kind);
const namesPeer = (kind: FailureKind): kind is PeerKind => peerSet.has(kind);
