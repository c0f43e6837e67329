/** The network namespaces of this host, as /proc shows them to anyone, and what listens in each. */

import { containerOf, runtimeOf } from '../../parse/proc/cgroup.ts';
import { localAddresses } from '../../parse/proc/local-addresses.ts';
import { netCounter } from '../../parse/proc/net.ts';
import { createTcpScanner, indexPeers, type Listener, type TcpScanner } from '../../parse/proc/net-tcp.ts';
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
    if (id === null) continue;
    const pids = pidsOf.get(id) ?? [];
    pids.push(pid);
    pidsOf.set(id, pids);
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
  /** Messages "destination unreachable" that have come in. */
  readonly unreachables: number | null;
  /** Sockets to one of the peers, in any state that holds a local port. */
  portsTo(peer: string): number;
}

const statesWithPort = [1, 2, 4, 5, 6, 8, 9, 11];

/** null when they cannot be read. */
export function readSockets(namespace: Namespace, peers: readonly string[], ports: DiagnosePorts): SocketTable | null {
  const { proc } = ports;
  const pid = readablePid(namespace, ports);
  if (pid === null) return null;
  const scanner: TcpScanner = createTcpScanner(indexPeers(peers), new Set());
  if (!proc.pieces(`${pid}/net/tcp`, scanner.scan)) return null;
  // Without IPv6 in the kernel there is no tcp6.
  proc.pieces(`${pid}/net/tcp6`, scanner.scan);
  return {
    listeners: scanner.listeners(),
    datagrams: boundDatagrams(pid, ports),
    addresses: localAddresses(proc.text(`${pid}/net/fib_trie`) ?? '', proc.text(`${pid}/net/if_inet6`) ?? ''),
    overflows: netCounter(proc.text(`${pid}/net/netstat`) ?? '', 'TcpExt', 'ListenOverflows'),
    unreachables: netCounter(proc.text(`${pid}/net/snmp`) ?? '', 'Icmp', 'InDestUnreachs'),
    portsTo: (peer) => statesWithPort.reduce((sum, state) => sum + scanner.count(peer, state), 0),
  };
}

/** The process that stood for a namespace may have ended meanwhile. */
export function readablePid({ name, pids }: Namespace, { proc }: Pick<DiagnosePorts, 'proc'>): number | 'self' | null {
  if (name.is === 'host') return 'self';
  return [name.pid, ...pids].find((pid) => proc.networkOf(pid) === name.id) ?? null;
}

/** /proc/net/udp has the columns of tcp; a socket that is not connected has the state of one that is closed. */
function boundDatagrams(pid: number | 'self', { proc }: Pick<DiagnosePorts, 'proc'>): readonly Listener[] {
  const rows = ['udp', 'udp6'].flatMap((table) => (proc.text(`${pid}/net/${table}`) ?? '').split('\n'));
  return rows.flatMap((row) => {
    const found =
      /^ *\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) 0+:0000 07 [0-9A-F]{8}:([0-9A-F]{8}) \S+ \S+ +(\d+) +\d+ +(\d+)/.exec(
        row,
      );
    if (found === null) return [];
    const [, address = '', port = '', queued = '', uid, inode] = found;
    const words = (address.match(/.{8}/g) ?? []).map((word) => Number.parseInt(word, 16));
    return [
      {
        words,
        port: Number.parseInt(port, 16),
        queued: Number.parseInt(queued, 16),
        uid: Number(uid),
        inode: Number(inode),
      },
    ];
  });
}
