/**
 * A host of files whose /proc has processes, network namespaces and what listens in them:
 *
 *   const host = procHost({ 1: {}, 400: { line: 'node app.js', sockets: [7] } }, { host: { tcp: [tcpRow('127.0.0.1:8080', { inode: 7 })] } });
 */
import { linkSync } from 'node:fs';
import { join } from 'node:path';
import { parseSocketAddress } from '../../../collector/parse/peer-address.ts';
import { nodeFileSystem } from '../../../collector/system/fs.ts';
import { createProcfs } from '../../../collector/system/process/procfs.ts';
import { hostTree } from '../../discover/host-tree.ts';

export interface FakeProcess {
  /** Its network namespace: `host` when not said. */
  readonly namespace?: string;
  readonly line?: string;
  readonly uid?: number;
  readonly parent?: number;
  readonly state?: string;
  readonly cgroup?: string;
  /** Inodes of the sockets it holds; null: another user's process, whose descriptors may not be seen. */
  readonly sockets?: readonly number[] | null;
}

export interface FakeNamespace {
  readonly tcp?: readonly string[];
  readonly tcp6?: readonly string[];
  readonly udp?: readonly string[];
  readonly unix?: readonly string[];
  /** Its addresses besides loopback. */
  readonly addresses?: readonly string[];
  readonly overflows?: number;
  readonly arp?: string;
  readonly route?: string;
}

function hex(at: string): string {
  const address = parseSocketAddress(at);
  if (address === null) throw new Error(at);
  const words = address.words.map((word) => word.toString(16).toUpperCase().padStart(8, '0')).join('');
  return `${words}:${address.port.toString(16).toUpperCase().padStart(4, '0')}`;
}

const of = (address: string): string => (address.startsWith('[') ? '[::]:0' : '0.0.0.0:0');

interface Row {
  readonly to?: string;
  /** As the kernel numbers them: 0A listens, 01 is established, 02 is SYN-SENT, 07 is a datagram socket. */
  readonly state?: string;
  /** Bytes sent and not acknowledged. */
  readonly sending?: number;
  readonly queued?: number;
  readonly retransmits?: number;
  readonly uid?: number;
  readonly inode?: number;
}

const eight = (value: number): string => value.toString(16).toUpperCase().padStart(8, '0');

/** A row of /proc/net/tcp (or tcp6, or udp): a listener, where nothing else is said. */
export function tcpRow(
  at: string,
  { to = of(at), state = '0A', sending = 0, queued = 0, retransmits = 0, uid = 1000, inode = 1 }: Row = {},
): string {
  const times = `00:00000000 ${eight(retransmits)}`;
  return `   0: ${hex(at)} ${hex(to)} ${state} ${eight(sending)}:${eight(queued)} ${times} ${uid}        0 ${inode} 1 0 100 0 0 10 0`;
}

/** A row of /proc/net/unix: a listener, or with `02` a connection that waits, with `03` one that is accepted. */
export function unixRow(path: string, { inode = 1, state = '01' }: { inode?: number; state?: string } = {}): string {
  return `0000000000000000: 00000002 00000000 ${state === '01' ? '00010000' : '00000000'} 0001 ${state} ${inode} ${path}`;
}

const four = (id: number): string => [id, id, id, id].join('\t');

function filesOf(pid: number, some: FakeProcess): Record<string, string> {
  const { line = '', uid = 0, parent = 1, state = 'S', cgroup = '0::/init.scope', sockets = [] } = some;
  const ids = `Pid:\t${pid}\nPPid:\t${parent}\nUid:\t${four(uid)}\nGid:\t${four(uid)}\nGroups:\t${uid} \n`;
  const folder = `/proc/${pid}`;
  return {
    [`${folder}/cmdline`]: line.replaceAll(' ', '\0'),
    [`${folder}/comm`]: `${line.split(' ')[0]}\n`,
    [`${folder}/status`]: `Name:\tx\nState:\t${state} (x)\n${ids}NSpid:\t${pid}\n`,
    [`${folder}/stat`]: `${pid} (x) S ${parent} ${'0 '.repeat(17)}${pid} 0 0\n`,
    [`${folder}/cgroup`]: `${cgroup}\n`,
    // A file cannot be listed, as a folder of another user's cannot.
    ...(sockets === null ? { [`${folder}/fd`]: '' } : {}),
    ...Object.fromEntries((sockets ?? []).map((inode, at) => [`${folder}/fd/${at + 3}`, `-> socket:[${inode}]`])),
  };
}

function tablesOf(name: string, some: FakeNamespace): Record<string, string> {
  const { addresses = [], tcp = [], tcp6 = [], udp = [], unix = [], overflows = 0, arp = '', route = '' } = some;
  const table = (rows: readonly string[]): string => `  sl  local_address\n${rows.map((row) => `${row}\n`).join('')}`;
  const local = ['127.0.0.1', ...addresses].map((each) => `     |-- ${each}\n        /32 host LOCAL\n`).join('');
  const tables: Record<string, string> = {
    tcp: table(tcp),
    tcp6: table(tcp6),
    udp: table(udp),
    udp6: table([]),
    unix: table(unix),
    fib_trie: `Main:\n${local}`,
    if_inet6: '00000000000000000000000000000001 01 80 10 80       lo\n',
    netstat: `TcpExt: SyncookiesSent ListenOverflows\nTcpExt: 0 ${overflows}\n`,
    snmp: 'Icmp: InMsgs InDestUnreachs\nIcmp: 0 0\n',
    arp: `IP address       HW type     Flags       HW address            Mask     Device\n${arp}`,
    route,
  };
  return Object.fromEntries(Object.entries(tables).map(([table, text]) => [`/namespaces/${name}/${table}`, text]));
}

export function procHost(
  processes: Readonly<Record<number, FakeProcess>>,
  namespaces: Readonly<Record<string, FakeNamespace>>,
) {
  const host = hostTree({
    '/proc/stat': 'cpu0 1 2 3\nbtime 1000\n',
    '/proc/sys/net/ipv4/ip_local_port_range': '32768\t60999\n',
  });
  const setTables = (all: Readonly<Record<string, FakeNamespace>>) => {
    for (const [name, some] of Object.entries(all)) {
      const texts = tablesOf(name, some);
      host.write(texts);
      const own = Object.entries({ ...processes, self: {} as FakeProcess });
      for (const [pid, { namespace = 'host' }] of own) {
        if (namespace !== name) continue;
        host.write({ [`/proc/${pid}/net`]: null, [`/proc/${pid}/net/.keep`]: '' });
        // A file of the kernel's is the same for all processes of a namespace.
        for (const path of Object.keys(texts)) {
          const table = path.slice(path.lastIndexOf('/') + 1);
          linkSync(join(host.prefix, path), join(host.prefix, `/proc/${pid}/net/${table}`));
        }
      }
    }
  };
  for (const [pid, some] of Object.entries(processes)) host.write(filesOf(Number(pid), some));
  setTables(namespaces);
  const procRoot = `${host.prefix}/proc`;
  return { ...host, procRoot, setTables, proc: createProcfs(nodeFileSystem, procRoot) };
}
