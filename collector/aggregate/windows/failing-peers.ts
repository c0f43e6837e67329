import { pairKey, total } from '../../base/collections.ts';
import type { FailingPeer, PeerSnapshot } from '../../model.ts';

/** Which peers fail, or have lately: they are named on the first chart, and have charts where others have none. */
export interface FailingPeers {
  /** To be called once per tick. */
  record(peers: readonly PeerSnapshot[], second: number): readonly FailingPeer[];
  /** It failed within the last hour. */
  isRecent(peer: PeerSnapshot): boolean;
  /** Any did. */
  isAnyRecent(): boolean;
}

/** So long after its last failure somebody may still look for it. */
const keptSeconds = 3_600;
/** One line each: more cannot be distinguished, and their names come from logs, too. */
const mostShown = 20;

/** Before the first line of a log: its sockets, or requests that wait, have shown that it fails. */
const isFound = ({ causes }: PeerSnapshot): boolean => causes != null && causes.hangs + causes.no_answer > 0;

const keyOf = ({ upstream, peer }: PeerSnapshot): string => pairKey(upstream, peer);

export function createFailingPeers(): FailingPeers {
  /** Failures as they were before the first that is shown. */
  const before = new Map<string, number>();
  /** Counts that did not change are the same object (tally.ts): they are added up once. */
  const added = new Map<string, { readonly of: PeerSnapshot['failures']; readonly total: number }>();
  const recent = new Map<string, { readonly upstream: string; readonly peer: string; last: number; total: number }>();
  const shown = new Map<string, { readonly since: number; readonly base: number }>();
  /** As they were recorded last: what is the same object has not failed since. */
  let recorded: readonly PeerSnapshot[] = [];

  function addedUp(key: string, of: NonNullable<PeerSnapshot['failures']>): number {
    const known = added.get(key);
    if (known?.of === of) return known.total;
    const now = { of, total: total(Object.values(of)) };
    added.set(key, now);
    return now.total;
  }

  function failed(peer: PeerSnapshot, key: string, total: number, second: number): void {
    const known = recent.get(key);
    if (known === undefined) recent.set(key, { upstream: peer.upstream, peer: peer.peer, last: second, total });
    else {
      known.last = second;
      known.total = total;
    }
    if (!shown.has(key) && shown.size < mostShown) shown.set(key, { since: second, base: before.get(key) ?? 0 });
  }

  function note(peer: PeerSnapshot, second: number): void {
    if (!peer.failures) return;
    const key = keyOf(peer);
    const failures = addedUp(key, peer.failures);
    if (failures > (before.get(key) ?? 0)) failed(peer, key, failures, second);
    else if (isFound(peer) && !recent.has(key)) failed(peer, key, failures, second);
    before.set(key, failures);
  }

  function forget(second: number): void {
    for (const [key, { last }] of recent) {
      if (second - last <= keptSeconds) continue;
      recent.delete(key);
      shown.delete(key);
    }
  }

  return {
    record(peers, second) {
      for (let at = 0; at < peers.length; at++) {
        const peer = peers[at] as PeerSnapshot;
        if (peer !== recorded[at] || isFound(peer)) note(peer, second);
      }
      recorded = peers;
      forget(second);
      return Array.from(shown, ([key, { since, base }]) => {
        const of = recent.get(key);
        // Netdata loses the first value of a dimension that comes to a running chart: it is announced with 0.
        const failures = since === second ? 0 : (of?.total ?? base) - base;
        return { upstream: of?.upstream ?? '', peer: of?.peer ?? '', failures };
      });
    },
    isRecent: (peer) => recent.has(keyOf(peer)),
    isAnyRecent: () => recent.size > 0,
  };
}
