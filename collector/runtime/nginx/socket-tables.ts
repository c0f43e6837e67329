import { once } from '../../base/once.ts';
import type { PeerSockets } from '../../model.ts';
import {
  addressKey,
  hostKey,
  isLoopbackWords,
  parseSocketAddress,
  type SocketAddress,
} from '../../parse/peer-address.ts';
import { localAddresses } from '../../parse/proc/local-addresses.ts';
import { localPortCount, netCounter, type UnixUse, unixUses } from '../../parse/proc/net.ts';
import { createTcpScanner, type PeerIndex } from '../../parse/proc/net-tcp.ts';
import type { Listener } from '../../parse/proc/socket-rows.ts';
import { portsUsed, tcpStatesOf } from '../../parse/proc/tcp-states.ts';
import { type Procfs, readTcpTables } from '../../system/process/procfs.ts';

/** What the socket tables of a network namespace say. */
export interface SocketsView {
  /** Connections that nginx has accepted, and that it has made to its peers. */
  readonly accepted: number;
  readonly toPeers: number;
  /** Connections that found a full listen queue since the namespace exists; null when that cannot be read. */
  readonly listenOverflows: number | null;
  /** Peers that are a TCP address or a unix socket. */
  readonly peers: ReadonlyMap<string, PeerSockets>;
}

export interface NetworkNamespace {
  /** Any process in it. */
  readonly pid: number;
  /** Who runs nginx workers in it. */
  readonly owners: ReadonlySet<number>;
}

export interface WantedSockets {
  readonly peers: readonly string[];
  /** Of these peers. */
  readonly index: PeerIndex;
  /** Also read tcp6. */
  readonly withIpv6: boolean;
}

/** Reads the tables of one namespace; null when they cannot be read. */
export function readSocketTables(
  procfs: Procfs,
  { pid, owners }: NetworkNamespace,
  { peers, index, withIpv6 }: WantedSockets,
): SocketsView | null {
  const text = (path: string) => procfs.text(path) ?? '';
  const scanner = createTcpScanner(index, owners);
  if (!readTcpTables(procfs, pid, scanner.scan, withIpv6)) return null;

  const tcp = [...index.slotOf.keys()];
  const queueOf = listenQueues(scanner.listeners(), () =>
    localAddresses(text(`${pid}/net/fib_trie`), text(`${pid}/net/if_inet6`)),
  );
  // The range is shown for the reader's own namespace, whoever's /proc/PID it is asked through.
  const isOwn = procfs.networkOf(pid) === procfs.networkOf('self');
  const localPorts = isOwn ? localPortCount(text('sys/net/ipv4/ip_local_port_range')) : null;
  const sockets = new Map<string, PeerSockets>();
  for (const peer of tcp) {
    const states = tcpStatesOf((st) => scanner.count(peer, st));
    const address = parseSocketAddress(peer);
    sockets.set(peer, {
      states,
      retransmitting: scanner.retransmitting(peer),
      queued: address === null ? null : queueOf(address),
      localPorts: localPorts === null ? null : { used: portsUsed(states), of: localPorts },
    });
  }

  const unixPeers = peers.filter((peer) => peer.startsWith('unix:'));
  const unix = unixUses(unixPeers, () => text(`${pid}/net/unix`));
  for (const peer of unixPeers) sockets.set(peer, unixSockets(unix.get(peer)));
  let toUnix = 0;
  for (const { accepted, queued } of unix.values()) toUnix += accepted + queued;

  return {
    accepted: scanner.accepted(),
    toPeers: scanner.toPeers() + toUnix,
    listenOverflows: netCounter(text(`${pid}/net/netstat`), 'TcpExt', 'ListenOverflows'),
    peers: sockets,
  };
}

/** To the one who connects, a connection that is not accepted yet is made. */
function unixSockets(use: UnixUse | undefined): PeerSockets {
  const queued = use?.queued ?? 0;
  const established = (use?.accepted ?? 0) + queued;
  const states = { ...tcpStatesOf(() => 0), established };
  return { states, queued: use?.listening ? queued : null, localPorts: null };
}

/** The listen queue behind an address: its own listener's, or a wildcard's if the address is one of this host's. */
function listenQueues(listeners: readonly Listener[], readLocal: () => ReadonlySet<string>) {
  const byAddress = new Map(listeners.map((each) => [addressKey(each), each.queued]));
  const local = once(readLocal);
  return (address: SocketAddress): number | null => {
    const { words, port } = address;
    const own = byAddress.get(addressKey(address));
    if (own !== undefined) return own;
    const any = (words.length === 1 ? byAddress.get(`0:${port}`) : undefined) ?? byAddress.get(`0.0.0.0:${port}`);
    if (any === undefined) return null;
    return local().has(hostKey(address)) || isLoopbackWords(words) ? any : null;
  };
}
