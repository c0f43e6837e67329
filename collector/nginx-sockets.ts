import { createPace } from './aggregate/pace.ts';
import { type PeerSockets, tcpStates } from './model.ts';
import type { NginxMaster } from './nginx-processes.ts';
import { indexPeers } from './parse/proc-net-tcp.ts';
import { type Namespace, readSocketTables, type SocketsView } from './socket-tables.ts';
import type { Procfs } from './source/procfs.ts';

export interface NginxSockets {
  /** The last reading, after a new one if it is time; null without an nginx, or when nothing can be read. */
  look(masters: readonly NginxMaster[], peers: readonly string[], nowUs: number): SocketsView | null;
}

/**
 * Measure 8, read as often as it is cheap. /proc/net/tcp holds every socket of the namespace and can only be read
 * whole. It is read at every tick while that takes less than 0.5 % of a core, and less often on hosts with very many
 * sockets, though at least every 30 s (bench/sockets.ts says what 50,000 cost); in between the last reading stands.
 */
export function createNginxSockets(procfs: Procfs, monotonicUs: () => number): NginxSockets {
  const pace = createPace({ share: 0.005, longestUs: 30_000_000 });
  let index = indexPeers([]);
  let indexed = '';
  let last: SocketsView | null = null;

  function read(masters: readonly NginxMaster[], peers: readonly string[]): SocketsView | null {
    const key = peers.join('\n');
    if (key !== indexed) index = indexPeers(peers);
    indexed = key;
    const views = namespacesOf(masters).map((namespace) => readSocketTables(procfs, namespace, peers, index));
    const [first, ...others] = views.filter((view) => view !== null);
    // Without one of several namespaces the sum would be a wrong number.
    return first === undefined || others.length + 1 < views.length ? null : others.reduce(merge, first);
  }

  return {
    look(masters, peers, nowUs) {
      if (masters.length === 0) {
        last = null;
      } else if (pace.isDue(nowUs)) {
        const startedUs = monotonicUs();
        last = read(masters, peers);
        pace.spent(nowUs, monotonicUs() - startedUs);
      }
      return last;
    },
  };
}

/** Several nginx may share a namespace; its sockets must be counted once. */
function namespacesOf(masters: readonly NginxMaster[]): readonly Namespace[] {
  const found = new Map<string, { readonly pid: number; readonly owners: Set<number> }>();
  for (const { pid, network, workers } of masters) {
    if (network === null) continue;
    const namespace = found.get(network) ?? { pid, owners: new Set() };
    found.set(network, namespace);
    for (const { uid } of workers) if (uid !== null) namespace.owners.add(uid);
  }
  return [...found.values()];
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
  return { states, queued: a.queued ?? b.queued, localPorts: a.localPorts ?? b.localPorts };
}
