import type { DiagnosePorts } from '../../diagnose/facts/ports.ts';
import type { SocketFacts } from '../../diagnose/impact/traffic.ts';
import { isStuck, readWaiting } from '../../diagnose/impact/waiting.ts';
import { surveyNamespaces } from '../../diagnose/places/namespaces.ts';
import type { PeerSnapshot } from '../../model.ts';

/** Peers whose sockets wait, long before nginx gives up and writes a line. */
export interface Suspects {
  /** What the socket tables that are read anyway show of the peers. */
  note(peers: readonly PeerSnapshot[], nowUs: number): void;
  /** Looks closer at those that have waited for a while; nothing while none does. */
  look(master: number | null, nowUs: number): void;
  /** Those that are stuck. */
  seen(): readonly { readonly peer: string; readonly upstream: string; readonly sockets: SocketFacts }[];
}

/** A connect that takes longer has sent its SYN again. */
const longUs = 1_500_000;
const everyUs = 3_000_000;

function waits({ sockets }: PeerSnapshot): boolean {
  return sockets != null && (sockets.states.syn_sent > 0 || (sockets.queued ?? 0) > 0);
}

export function createSuspects(ports: Pick<DiagnosePorts, 'proc'>): Suspects {
  const since = new Map<string, { readonly upstream: string; readonly us: number }>();
  let stuck: ReturnType<Suspects['seen']> = [];
  let keys: ReadonlySet<string> | null = null;
  let lookedUs = Number.NEGATIVE_INFINITY;

  return {
    note(peers, nowUs) {
      for (const each of peers) {
        if (!waits(each)) since.delete(each.peer);
        else if (!since.has(each.peer)) since.set(each.peer, { upstream: each.upstream, us: nowUs });
      }
      if (since.size > 0) return;
      stuck = [];
      keys = null;
    },
    look(master, nowUs) {
      const long = [...since].filter(([, { us }]) => nowUs - us >= longUs);
      if (long.length === 0 || nowUs - lookedUs < everyUs) return;
      lookedUs = nowUs;
      const peers = long.map(([peer]) => peer);
      const waiting = readWaiting(peers, surveyNamespaces(master, ports), ports, keys ?? new Set());
      keys = waiting.keys;
      stuck = long
        .map(([peer, { upstream }]) => ({ peer, upstream, sockets: waiting.of(peer) }))
        .filter(({ sockets }) => isStuck(sockets));
    },
    seen: () => stuck,
  };
}
