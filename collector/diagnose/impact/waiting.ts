/** What waits between nginx and its peers before any line of a log says so: SYNs sent again, bytes that nobody reads. */

import { madeAt } from '../../base/collections.ts';
import { addressKey, parseSocketAddress } from '../../parse/peer-address.ts';
import { unixUses } from '../../parse/proc/net.ts';
import { scanWaiting, type WaitingRow } from '../../parse/proc/waiting-rows.ts';
import { readTcpTables } from '../../system/process/procfs.ts';
import type { DiagnosePorts } from '../facts/ports.ts';
import { type Namespace, type Namespaces, readablePid, readSockets } from '../places/namespaces.ts';
import { noSockets, type SocketFacts } from './traffic.ts';

/** One reading of all that waits. */
export interface Waiting {
  of(peer: string): SocketFacts;
}

/** With what waits: where some of it was read meanwhile, it is another. */
const rowKey = ({ local, remote, unread }: WaitingRow): string =>
  `${addressKey(local)} ${addressKey(remote)} ${unread}`;

function rowsOf(namespace: Namespace, { proc }: Pick<DiagnosePorts, 'proc'>): readonly WaitingRow[] {
  const pid = readablePid(namespace, { proc });
  const rows: WaitingRow[] = [];
  if (pid !== null) readTcpTables(proc, pid, (bytes, end) => scanWaiting(bytes, end, (row) => rows.push(row)));
  return rows;
}

/** What stands in the queues of unix sockets, and behind them, by peer. */
function unixOf(peers: readonly string[], namespace: Namespace, { proc }: Pick<DiagnosePorts, 'proc'>) {
  return unixUses(peers, () => {
    const pid = readablePid(namespace, { proc });
    return pid === null ? '' : (proc.text(`${pid}/net/unix`) ?? '');
  });
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
    const known = madeAt(counts, address, () => ({ ...noSockets }));
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
  for (const [peer, { queued }] of unixOf(peers, nginx, ports)) {
    if (queued === 0) continue;
    keys.add(peer);
    // Those that waited at the first reading may have been accepted, and others come.
    if (before === null || before.has(peer)) counts.set(peer, { ...noSockets, unread: queued });
  }
  return {
    keys,
    of(peer) {
      if (peer.startsWith('unix:')) return counts.get(peer) ?? noSockets;
      const address = parseSocketAddress(peer);
      return address === null ? noSockets : (counts.get(addressKey(address)) ?? noSockets);
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
  const unix = unixOf(peers, nginx, ports);
  return (peer) => {
    if (!peer.startsWith('unix:')) return table?.connectionsTo(peer) ?? 0;
    const use = unix.get(peer);
    return use === undefined ? 0 : use.accepted + use.queued;
  };
}

/** Whether it is more than a moment's delay. */
export function isStuck({ retried, unacknowledged, unread }: SocketFacts): boolean {
  return retried + unacknowledged + unread > 0;
}
