import { createPace } from '../../aggregate/pace.ts';
import { madeAt } from '../../base/collections.ts';
import { type PeerSockets, tcpStates } from '../../model.ts';
import { indexPeers } from '../../parse/proc/net-tcp.ts';
import type { Procfs } from '../../system/process/procfs.ts';
import type { LiveMaster } from './processes.ts';
import { type NetworkNamespace, readSocketTables, type SocketsView } from './socket-tables.ts';

export interface NginxSockets {
  /**
   * The last reading, after a new one if it is time; null without an nginx, or when nothing can be read.
   *
   * @param isTroubled something fails, and what the sockets are doing is worth more
   */
  look(
    masters: readonly LiveMaster[],
    peers: () => readonly string[],
    isTroubled: boolean,
    nowUs: number,
  ): SocketsView | null;
}

/**
 * The sockets of nginx and of its peers, read as often as is cheap. /proc/net/tcp and tcp6 can only be read completely, and
 * for each the kernel walks a table of up to half a million slots, whatever is in it (5 ms on a machine with 24 GB),
 * and then every socket (bench/alone/sockets.ts). So while all is well that may take 0.2 % of a core, with tcp6 left out if
 * no peer has an IPv6 address: every 3 s there, every 30 s with 50,000 sockets (130 ms). While connects fail, hang, or
 * nginx does not answer, it may take 1 % and tcp6 is read, too: it also holds the listeners that take IPv4 and IPv6
 * alike. In between the last reading stands.
 *
 * @param cpuUs CPU time of this process: on a busy machine a reading takes longer, but costs the same
 */
export function createNginxSockets(procfs: Procfs, cpuUs: () => number): NginxSockets {
  const calm = createPace({ share: 0.002, longestUs: 30_000_000 });
  const urgent = createPace({ share: 0.01, longestUs: 30_000_000 });
  let index = indexPeers([]);
  let indexed = '';
  let last: SocketsView | null = null;

  function read(masters: readonly LiveMaster[], peers: readonly string[], isTroubled: boolean): SocketsView | null {
    const key = peers.join('\n');
    if (key !== indexed) index = indexPeers(peers);
    indexed = key;
    const withIpv6 = isTroubled || peers.some((peer) => peer.startsWith('['));
    const views = namespacesOf(masters).map((of) => readSocketTables(procfs, of, { peers, index, withIpv6 }));
    const [first, ...others] = views.filter((view) => view !== null);
    // Without one of several namespaces the sum would be a wrong number.
    return first === undefined || others.length + 1 < views.length ? null : others.reduce(merge, first);
  }

  return {
    look(masters, peers, isTroubled, nowUs) {
      const isConnecting = last !== null && [...last.peers.values()].some(({ states }) => states.syn_sent > 0);
      const pace = isTroubled || isConnecting ? urgent : calm;
      if (masters.length === 0) {
        last = null;
      } else if (pace.isDue(nowUs)) {
        const beforeUs = cpuUs();
        last = keeping(last, read(masters, peers(), pace === urgent));
        for (const each of [calm, urgent]) each.spent(nowUs, cpuUs() - beforeUs);
      }
      return last;
    },
  };
}

/** Several nginx may share a namespace; its sockets must be counted once. */
function namespacesOf(masters: readonly LiveMaster[]): readonly NetworkNamespace[] {
  const found = new Map<string, { readonly pid: number; readonly owners: Set<number> }>();
  for (const { pid, network, workers } of masters) {
    if (network === null) continue;
    const { owners } = madeAt(found, network, () => ({ pid, owners: new Set() }));
    for (const { uid } of workers) if (uid !== null) owners.add(uid);
  }
  return [...found.values()];
}

/** What has not changed since the reading before is the same object again. */
function keeping(before: SocketsView | null, now: SocketsView | null): SocketsView | null {
  if (before === null || now === null) return now;
  const peers = new Map<string, PeerSockets>();
  for (const [peer, sockets] of now.peers) {
    const old = before.peers.get(peer);
    peers.set(peer, old !== undefined && isSame(old, sockets) ? old : sockets);
  }
  return { ...now, peers };
}

function isSame(a: PeerSockets, b: PeerSockets): boolean {
  return (
    a.queued === b.queued &&
    a.retransmitting === b.retransmitting &&
    a.localPorts?.used === b.localPorts?.used &&
    a.localPorts?.of === b.localPorts?.of &&
    tcpStates.every((state) => a.states[state] === b.states[state])
  );
}

function merge(a: SocketsView, b: SocketsView): SocketsView {
  const peers = new Map(a.peers);
  for (const [peer, sockets] of b.peers) {
    const other = peers.get(peer);
    peers.set(peer, other === undefined ? sockets : mergePeer(other, sockets));
  }
  return {
    accepted: a.accepted + b.accepted,
    toPeers: a.toPeers + b.toPeers,
    listenOverflows:
      a.listenOverflows === null || b.listenOverflows === null ? null : a.listenOverflows + b.listenOverflows,
    peers,
  };
}

/** Local ports belong to a namespace: two have twice as many, and only one of them is known. */
function mergePeer(a: PeerSockets, b: PeerSockets): PeerSockets {
  const states = { ...a.states };
  for (const state of tcpStates) states[state] += b.states[state];
  const retransmitting = (a.retransmitting ?? 0) + (b.retransmitting ?? 0);
  return { states, retransmitting, queued: a.queued ?? b.queued, localPorts: a.localPorts ?? b.localPorts };
}
