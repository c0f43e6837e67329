/** What fails before any line of a log says so: connects that wait, requests that nobody reads. Pure. */
import type { FailureKind } from '../../model.ts';
import type { FailedPeer, Failing } from './failures.ts';
import type { AnswerFacts, KindFailures, SocketFacts } from './traffic.ts';

export interface PendingSeen {
  readonly peer: string;
  readonly upstream: string;
  readonly sockets: SocketFacts;
  readonly answers: AnswerFacts | null;
  /** Clients that left while nginx waited for its connection, since it was last connected: the next SYN is a new one. */
  readonly left?: number;
}

/** A client that leaves at once proves nothing. */
const leastLeft = 3;
/** A peer that answers others at the same time is busy, and does not hang. */
const answersMs = 5000;

function pendingKinds(
  { peer, sockets, answers, left = 0 }: PendingSeen,
  nowMs: number,
): readonly (readonly [FailureKind, number])[] {
  const isAnswering = answers !== null && nowMs - answers.lastConnectedMs <= answersMs;
  // Which connections wait in the queue of a unix socket is not shown: without an access log it may only be busy.
  const isBusy = isAnswering || (answers === null && peer.startsWith('unix:'));
  const stuck = Math.max(isBusy ? 0 : sockets.unread + sockets.unacknowledged, answers?.stalled?.waiting ?? 0);
  const kinds: (readonly [FailureKind, number])[] = [];
  const unanswered = Math.max(sockets.retried, left >= leastLeft ? left : 0);
  if (unanswered > 0) kinds.push(['timed_out', unanswered]);
  if (stuck > 0) kinds.push(['read_timeout', stuck]);
  return kinds;
}

/** Workers of nginx that are stopped: their clients wait, and no log says so. */
export function withStopped(failing: Failing, workers: number, nowMs: number): Failing {
  return workers === 0 ? failing : { ...failing, nginx: added(failing.nginx, 'read_timeout', workers, nowMs) };
}

function added(failures: FailedPeer['failures'], kind: FailureKind, count: number, nowMs: number) {
  const known = failures.get(kind);
  const now: KindFailures = { count, firstMs: nowMs, lastMs: nowMs, errno: null, message: '' };
  return new Map([...failures, [kind, known === undefined ? now : { ...known, lastMs: nowMs }]]);
}

/**
 * @param seen all peers that may fail
 * @param erring peers that answer with 5xx, with their upstreams
 */
export function withPending(
  failing: Failing,
  seen: readonly PendingSeen[],
  erring: readonly string[],
  nowMs: number,
): Failing {
  const peers = new Map(failing.peers.map((each) => [each.peer, each]));
  const empty = (peer: string, upstream: string): FailedPeer => ({
    peer,
    upstream,
    scheme: null,
    isUdp: false,
    failures: new Map(),
  });
  for (const each of seen) {
    for (const [kind, count] of pendingKinds(each, nowMs)) {
      const known = peers.get(each.peer) ?? empty(each.peer, each.upstream);
      peers.set(each.peer, { ...known, failures: added(known.failures, kind, count, nowMs) });
    }
    if (erring.includes(each.peer) && !peers.has(each.peer)) peers.set(each.peer, empty(each.peer, each.upstream));
  }
  return { ...failing, peers: [...peers.values()] };
}
