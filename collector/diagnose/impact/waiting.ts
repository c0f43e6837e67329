/** What waits between nginx and its peers before any line of a log says so: SYNs sent again, bytes that nobody reads. */

import { madeAt } from '../../base/collections.ts';
import { addressKey, parseSocketAddress } from '../../parse/peer-address.ts';
import { parseNetUnix } from '../../parse/proc/net.ts';
import { scanWaiting, type WaitingRow } from '../../parse/proc/waiting-rows.ts';
import { readTcpTables } from '../../system/process/procfs.ts';
import type { DiagnosePorts } from '../facts/ports.ts';
import { type Namespace, type Namespaces, readablePid, readSockets } from '../places/namespaces.ts';
import type { SocketFacts } from './traffic.ts';

/** One reading of all that waits. */
export interface Waiting {
  of(peer: string): SocketFacts;
}

const nothing: SocketFacts = { retried: 0, unacknowledged: 0, unread: 0 };
/** With what waits: where some of it was read meanwhile, it is another. */
const rowKey = ({ local, remote, unread }: WaitingRow): string =>
  `${addressKey(local)} ${addressKey(remote)} ${unread}`;

function rowsOf(namespace: Namespace, { proc }: Pick<DiagnosePorts, 'proc'>): readonly WaitingRow[] {
  const pid = readablePid(namespace, { proc });
  const rows: WaitingRow[] = [];
  if (pid !== null) readTcpTables(proc, pid, (bytes, end) => scanWaiting(bytes, end, (row) => rows.push(row)));
  return rows;
}

/** Connections in the queues of unix sockets, by path; those without any are left out. */
function queuesOf(
  peers: readonly string[],
  namespace: Namespace,
  { proc }: Pick<DiagnosePorts, 'proc'>,
): ReadonlyMap<string, number> {
  const paths = new Set(peers.flatMap((peer) => (peer.startsWith('unix:') ? [peer.slice('unix:'.length)] : [])));
  const pid = paths.size === 0 ? null : readablePid(namespace, { proc });
  if (pid === null) return new Map();
  const uses = parseNetUnix(proc.text(`${pid}/net/unix`) ?? '', paths);
  return new Map([...uses].flatMap(([path, { queued }]) => (queued > 0 ? [[path, queued] as const] : [])));
}

/**
 * How long a SYN that was sent again so often has waited at most: the time to the next repetition doubles each time.
 *
 * @param linear so many repetitions come after a second each first (tcp_syn_linear_timeouts, Linux 6.5 and newer)
 */
export function longestWaitMs(retransmits: number, linear: number): number {
  const doubled = retransmits - linear;
  return (doubled <= 0 ? retransmits + 1 : linear - 1 + 2 ** (doubled + 1)) * 1000;
}

/**
 * @param before a reading of at least a second ago: only what waited then, too, counts. null: all counts.
 */
export function readWaiting(
  peers: readonly string[],
  { nginx, others }: Namespaces,
  ports: Pick<DiagnosePorts, 'proc'>,
  before: ReadonlySet<string> | null,
): Waiting & { readonly keys: ReadonlySet<string> } {
  const keys = new Set<string>();
  const linear = Number(ports.proc.text('sys/net/ipv4/tcp_syn_linear_timeouts') ?? 0);
  const counts = new Map<string, { -readonly [Kind in keyof SocketFacts]: SocketFacts[Kind] }>();
  const wanted = new Set(peers.flatMap((peer) => parseSocketAddress(peer) ?? []).map(addressKey));

  function count(address: string, kind: 'retried' | 'unacknowledged' | 'unread', waitedMs = 0) {
    if (!wanted.has(address)) return null;
    const known = madeAt(counts, address, () => ({ ...nothing }));
    known[kind]++;
    if (kind === 'retried') known.youngestMs = Math.min(waitedMs, known.youngestMs ?? waitedMs);
    return known;
  }

  function add(row: WaitingRow): void {
    const key = rowKey(row);
    keys.add(key);
    // A SYN that was sent again has waited for a second at least.
    if (row.is === 'syn_sent') {
      if (row.retransmits > 0) count(addressKey(row.remote), 'retried', longestWaitMs(row.retransmits, linear));
      return;
    }
    if (before !== null && !before.has(key)) return;
    if (row.unacknowledged > 0 && row.retransmits > 1) {
      const known = count(addressKey(row.remote), 'unacknowledged');
      if (known !== null) known.mostBytes = Math.max(row.unacknowledged, known.mostBytes ?? 0);
    }
    if (row.unread > 0) count(addressKey(row.local), 'unread');
  }

  for (const namespace of [nginx, ...others]) for (const row of rowsOf(namespace, ports)) add(row);
  const unix = queuesOf(peers, nginx, ports);
  for (const [path, queued] of unix) {
    const key = `unix:${path}`;
    keys.add(key);
    // Those that waited at the first reading may have been accepted, and others come.
    if (queued > 0 && (before === null || before.has(key))) counts.set(key, { ...nothing, unread: queued });
  }
  return {
    keys,
    of(peer) {
      if (peer.startsWith('unix:')) return counts.get(peer) ?? nothing;
      const address = parseSocketAddress(peer);
      return address === null ? nothing : (counts.get(addressKey(address)) ?? nothing);
    },
  };
}

/** nginx's connections to peers, made or waiting to be accepted: requests under way, kept alive, websockets. */
export function countOpen(
  peers: readonly string[],
  { nginx }: Namespaces,
  ports: DiagnosePorts,
): (peer: string) => number {
  const table = readSockets(nginx, peers, ports);
  const paths = new Set(peers.flatMap((peer) => (peer.startsWith('unix:') ? [peer.slice('unix:'.length)] : [])));
  const pid = readablePid(nginx, ports);
  const uses = paths.size === 0 || pid === null ? null : parseNetUnix(ports.proc.text(`${pid}/net/unix`) ?? '', paths);
  return (peer) => {
    if (!peer.startsWith('unix:')) return table?.connectionsTo(peer) ?? 0;
    const use = uses?.get(peer.slice('unix:'.length));
    return use === undefined ? 0 : use.accepted + use.queued;
  };
}

/** Whether it is more than a moment's delay. */
export function isStuck({ retried, unacknowledged, unread }: SocketFacts): boolean {
  return retried + unacknowledged + unread > 0;
}
