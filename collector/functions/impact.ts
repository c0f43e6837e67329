import { sumOf } from '../base/collections.ts';
import type { Outcome } from '../model.ts';
import type { PeerMinute } from './watch.ts';

/** Client results, in two numbers. */
export interface ClientImpact {
  /** Requests that ended with a 5xx, or with a substitute because no peer answered. */
  readonly affected: number;
  /** Requests that a retry at another peer saved. */
  readonly masked: number;
}

const fine: ReadonlySet<string> = new Set<Outcome>(['ok', 'masked']);

/** @param counts requests by outcome */
export function clientImpact(counts: ReadonlyMap<string, number>): ClientImpact {
  const affected = sumOf([...counts], ([outcome, count]) => (fine.has(outcome) ? 0 : count));
  return { affected, masked: counts.get('masked') ?? 0 };
}

/**
 * `up` needs proof: nginx's own passive check, or attempts without a failure. `silent`: connects of nginx wait for an
 * answer and their SYN was sent again; the log says so only when they time out, a minute later by default.
 */
export type ShownState = 'up' | 'failing' | 'silent' | 'unavailable' | 'unknown';

/** What is said of a peer: the worse of what nginx makes of it and what the last minute shows. */
export function shownState({ snapshot, failures, attempts }: PeerMinute): ShownState {
  if (snapshot.health?.state === 'unavailable') return 'unavailable';
  if (snapshot.health?.state === 'failing' || failures.sum() > 0) return 'failing';
  if ((snapshot.sockets?.retransmitting ?? 0) > 0) return 'silent';
  if (snapshot.failures === null || snapshot.health === null) return 'unknown';
  return snapshot.health !== undefined || attempts.sum() > 0 ? 'up' : 'unknown';
}
