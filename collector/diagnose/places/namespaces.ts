/** The network namespaces of this host, as /proc shows them to anyone, and what listens in each. */

import { addTo } from '../../base/collections.ts';
import { containerOf, runtimeOf } from '../../parse/proc/cgroup.ts';
import { localAddresses } from '../../parse/proc/local-addresses.ts';
import { ipv6Counter, netCounter } from '../../parse/proc/net.ts';
import { createTcpScanner, indexPeers } from '../../parse/proc/net-tcp.ts';
import { type Listener, scanDatagrams } from '../../parse/proc/socket-rows.ts';
import { portsUsed, tcpStatesOf } from '../../parse/proc/tcp-states.ts';
import { readTcpTables } from '../../system/process/procfs.ts';
import type { NamespaceName } from '../facts/facts.ts';
import type { DiagnosePorts } from '../facts/ports.ts';

export interface Namespace {
  readonly name: NamespaceName;
  readonly pids: readonly number[];
}

export interface Namespaces {
  readonly nginx: Namespace;
  /** nginx's is the one that this process is in: what connects here, connects there. */
  readonly shared: boolean;
  readonly others: readonly Namespace[];
}

/** A host with very many containers is not read to the end: nginx's peers are rarely in the last ones. */
const mostNamespaces = 64;

/** @param master a process of nginx; null: none runs, and its namespace is taken to be ours */
export function surveyNamespaces(master: number | null, { proc }: Pick<DiagnosePorts, 'proc'>): Namespaces {
  const own = proc.networkOf('self') ?? '';
  const nginx = (master === null ? null : proc.networkOf(master)) ?? own;
  const pidsOf = new Map<string, number[]>([[nginx, []]]);
  for (const pid of proc.pids()) {
    const id = proc.networkOf(pid);
    if (id !== null) addTo(pidsOf, id, pid);
  }
  const namespace = (id: string, pids: readonly number[]): Namespace => {
    const pid = (id === nginx ? master : null) ?? pids[0] ?? 0;
    const is = id === own ? 'host' : id === nginx ? 'nginx' : 'other';
    const cgroup = is === 'host' ? '' : (proc.text(`${pid}/cgroup`) ?? '');
    return { name: { id, is, pid, container: containerOf(cgroup), runtime: runtimeOf(cgroup) }, pids };
  };
  const ids = [...pidsOf.keys()].filter((id) => id !== nginx).sort((a, b) => Number(b === own) - Number(a === own));
  return {
    nginx: namespace(nginx, pidsOf.get(nginx) ?? []),
    shared: nginx === own,
    others: ids.slice(0, mostNamespaces).map((id) => namespace(id, pidsOf.get(id) ?? [])),
  };
}

export interface SocketTable {
  readonly listeners: readonly Listener[];
  /** UDP sockets that take datagrams from anybody. */
  readonly datagrams: readonly Listener[];
  /** As `localAddresses`. */
  readonly addresses: ReadonlySet<string>;
  readonly overflows: number | null;
  /** Sockets to one of the peers, in any state that holds a local port. */
  portsTo(peer: string): number;
  /** Connections to one of the peers. */
  connectionsTo(peer: string): number;
}

/** null when they cannot be read. */
export function readSockets(namespace: Namespace, peers: readonly string[], ports: DiagnosePorts): SocketTable | null {
  const { proc } = ports;
  const pid = readablePid(namespace, ports);
  if (pid === null) return null;
  const scanner = createTcpScanner(indexPeers(peers), new Set());
  if (!readTcpTables(proc, pid, scanner.scan)) return null;
  return {
    listeners: scanner.listeners(),
    datagrams: boundDatagrams(pid, ports),
    addresses: localAddresses(proc.text(`${pid}/net/fib_trie`) ?? '', proc.text(`${pid}/net/if_inet6`) ?? ''),
    overflows: netCounter(proc.text(`${pid}/net/netstat`) ?? '', 'TcpExt', 'ListenOverflows'),
    connectionsTo: (peer) => scanner.count(peer, 1),
    portsTo: (peer) => portsUsed(tcpStatesOf((state) => scanner.count(peer, state))),
  };
}

/** "Destination unreachable" messages (ICMP) that came to a namespace so far; null when they cannot be read. */
export function unreachablesOf(namespace: Namespace, { proc }: Pick<DiagnosePorts, 'proc'>): number | null {
  const pid = readablePid(namespace, { proc });
  if (pid === null) return null;
  const v4 = netCounter(proc.text(`${pid}/net/snmp`) ?? '', 'Icmp', 'InDestUnreachs');
  const v6 = ipv6Counter(proc.text(`${pid}/net/snmp6`) ?? '', 'Icmp6InDestUnreachs');
  return v4 === null ? v6 : v4 + (v6 ?? 0);
}

/** The process that stood for a namespace may have ended meanwhile. */
export function readablePid({ name, pids }: Namespace, { proc }: Pick<DiagnosePorts, 'proc'>): number | 'self' | null {
  if (name.is === 'host') return 'self';
  return [name.pid, ...pids].find((pid) => proc.networkOf(pid) === name.id) ?? null;
}

function boundDatagrams(pid: number | 'self', { proc }: Pick<DiagnosePorts, 'proc'>): readonly Listener[] {
  const bound: Listener[] = [];
  for (const table of ['udp', 'udp6']) {
    proc.pieces(`${pid}/net/${table}`, (bytes, end) => scanDatagrams(bytes, end, (socket) => bound.push(socket)));
  }
  return bound;
}
