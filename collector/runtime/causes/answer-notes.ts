import { pairKey, sumOf } from '../../base/collections.ts';
import type { AnswerTally } from '../../diagnose/impact/answers.ts';
import type { SocketFacts } from '../../diagnose/impact/traffic.ts';
import type { PeerSnapshot } from '../../model.ts';

export const noSockets: SocketFacts = { retried: 0, unacknowledged: 0, unread: 0 };

/** nginx is, or a minute ago was, connected to it. */
export function isConnected(sockets: PeerSnapshot['sockets']): boolean {
  return sockets != null && sockets.states.established + sockets.states.time_wait > 0;
}

interface Totals {
  readonly connected: number;
  readonly errors: readonly (readonly [status: number, count: number])[];
}

function totalsOf({ attempts }: PeerSnapshot): Totals | null {
  if (!attempts || attempts.connected === undefined) return null;
  const { connected, reused = 0, status_502 = 0, status_503 = 0, status_504 = 0 } = attempts;
  return {
    connected: connected + reused,
    errors: [
      [502, status_502],
      [503, status_503],
      [504, status_504],
    ],
  };
}

/** What peers answered since the tick before, out of the running totals of their attempts. */
export function createAnswerNotes(answers: AnswerTally): (peers: readonly PeerSnapshot[], nowMs: number) => void {
  const before = new Map<string, Totals>();

  function note(peer: string, now: Totals, old: Totals, nowMs: number): void {
    const grown = now.errors.map(([status, count], at) => [status, count - (old.errors[at]?.[1] ?? 0)] as const);
    const errors = sumOf(grown, ([, count]) => Math.max(0, count));
    const connected = now.connected - old.connected;
    const [worst] = [...grown].sort(([, a], [, b]) => b - a);
    const status = errors > 0 ? (worst?.[0] ?? null) : null;
    if (connected > 0) answers.record(peer, connected, Math.min(connected, errors), status, nowMs);
  }

  return (peers, nowMs) => {
    const seen = new Set<string>();
    for (const each of peers) {
      const now = totalsOf(each);
      if (now === null) continue;
      // A peer of two upstreams has two instances.
      const key = pairKey(each.upstream, each.peer);
      seen.add(key);
      const old = before.get(key);
      if (old !== undefined) note(each.peer, now, old, nowMs);
      before.set(key, now);
    }
    for (const key of before.keys()) if (!seen.has(key)) before.delete(key);
  };
}
