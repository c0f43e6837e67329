import { pairKey, total } from '../../base/collections.ts';
import type { AnswerTally } from '../../diagnose/impact/answers.ts';
import type { OpenConnections, StallTally } from '../../diagnose/impact/stalls.ts';
import type { JobSnapshot, PeerSnapshot } from '../../model.ts';

/** nginx is, or a minute ago was, connected to it. */
export function isConnected(sockets: PeerSnapshot['sockets']): boolean {
  return sockets != null && sockets.states.established + sockets.states.time_wait > 0;
}

type Snapshot = Pick<JobSnapshot, 'peers' | 'upstreams'>;

/** Of the attempts that ended with one. */
const errorStatuses = [502, 503, 504] as const;

/** Names in a log must not make memory without end. */
const mostAbandoned = 1000;

interface Totals {
  readonly attempts: PeerSnapshot['attempts'];
  readonly connected: number;
  /** In the order of `errorStatuses`. */
  readonly errors: readonly number[];
  /** Requests of its upstream that had an answer of any sort; null where that is not counted. */
  readonly outcomes: number | null;
}

function totalsOf({ attempts }: PeerSnapshot, outcomes: number | null): Totals | null {
  if (!attempts || attempts.connected === undefined) return null;
  const { connected, reused = 0, status_502 = 0, status_503 = 0, status_504 = 0 } = attempts;
  return { attempts, connected: connected + reused, errors: [status_502, status_503, status_504], outcomes };
}

function outcomesBy({ upstreams }: Snapshot): ReadonlyMap<string, number> {
  return new Map(
    upstreams.flatMap(({ upstream, outcomes }) =>
      outcomes ? [[upstream, total(Object.values(outcomes))] as const] : [],
    ),
  );
}

export interface AnswerNotes {
  note(snapshot: Snapshot, nowMs: number): void;
  /** nginx's connections to a peer, and how many more they are than at its last answer. */
  open(peer: string): OpenConnections;
  /** Peers that are known here. */
  peers(): readonly string[];
  /** Clients have left it without an answer, at some time; true where that is not known any more. */
  wasAbandoned(peer: string): boolean;
}

/** What peers answered since the tick before, out of the running totals of their attempts. */
export function createAnswerNotes(answers: AnswerTally, stalls: StallTally): AnswerNotes {
  const before = new Map<string, Totals>();
  /** Connections now, and the fewest since the last answer. */
  const open = new Map<string, { readonly now: number; readonly least: number }>();
  const abandoned = new Set<string>();

  /** @returns whether the peer answered */
  function note({ peer, responseTime }: PeerSnapshot, now: Totals, old: Totals, nowMs: number): boolean {
    const connected = now.connected - old.connected;
    if (connected <= 0) return false;
    // A client that left is no answer: it is in no outcome.
    if (now.outcomes !== null && now.outcomes === old.outcomes) {
      stalls.abandoned(peer, connected, nowMs);
      if (abandoned.size < mostAbandoned) abandoned.add(peer);
      answers.taken(peer, nowMs);
      return false;
    }
    const grown = now.errors.map((count, at) => Math.max(0, count - (old.errors[at] ?? 0)));
    const errors = total(grown);
    const status = errors > 0 ? (errorStatuses[grown.indexOf(Math.max(...grown))] ?? null) : null;
    answers.record(peer, connected, Math.min(connected, errors), status, nowMs);
    if (connected <= errors) return false;
    // All but the slowest took no longer than most.
    stalls.answered(peer, connected - 1, responseTime?.p95 ?? -1, nowMs);
    stalls.answered(peer, 1, responseTime?.max ?? -1, nowMs);
    return true;
  }

  function noteOpen({ peer, sockets }: PeerSnapshot, hasAnswered: boolean): void {
    if (sockets == null) return;
    const now = sockets.states.established + (peer.startsWith('unix:') ? (sockets.queued ?? 0) : 0);
    const least = hasAnswered ? now : Math.min(now, open.get(peer)?.least ?? now);
    open.set(peer, { now, least });
  }

  function noteOne(each: PeerSnapshot, key: string, outcomes: number | null, nowMs: number): boolean {
    const old = before.get(key);
    // Attempts that did not change are the same object (tally.ts): then there is nothing new.
    const isSame = old !== undefined && old.attempts === each.attempts && old.outcomes === outcomes;
    const now = isSame ? old : totalsOf(each, outcomes);
    if (now === null) return false;
    noteOpen(each, old !== undefined && note(each, now, old, nowMs));
    before.set(key, now);
    return true;
  }

  return {
    note(snapshot, nowMs) {
      const outcomes = outcomesBy(snapshot);
      const seen = new Set<string>();
      for (const each of snapshot.peers) {
        // A peer of two upstreams has two instances.
        const key = pairKey(each.upstream, each.peer);
        if (noteOne(each, key, outcomes.get(each.upstream) ?? null, nowMs)) seen.add(key).add(each.peer);
      }
      for (const key of before.keys()) if (!seen.has(key)) before.delete(key);
      for (const peer of open.keys()) if (!seen.has(peer)) open.delete(peer);
    },
    open(peer) {
      const { now = 0, least = 0 } = open.get(peer) ?? {};
      return { now, grown: now - least };
    },
    peers: () => [...open.keys()],
    wasAbandoned: (peer) => abandoned.size === mostAbandoned || abandoned.has(peer),
  };
}
