/** What waits between nginx and its peers before any line of a log says so: SYNs sent again, bytes that nobody reads. */

import { madeAt } from '../../base/collections.ts';
import { addressKey, parseSocketAddress } from '../../parse/peer-address.ts';
import { scanWaiting, type WaitingRow } from '../../parse/proc/waiting-rows.ts';
import { readTcpTables } from '../../system/process/procfs.ts';
import type { DiagnosePorts } from '../facts/ports.ts';
import { type Namespace, type Namespaces, readablePid } from '../places/namespaces.ts';
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
  const counts = new Map<string, { -readonly [Kind in keyof SocketFacts]: SocketFacts[Kind] }>();
  const wanted = new Set(peers.flatMap((peer) => parseSocketAddress(peer) ?? []).map(addressKey));

  function count(address: string, kind: 'retried' | 'unacknowledged' | 'unread', retries = 0): void {
    if (!wanted.has(address)) return;
    const known = madeAt(counts, address, () => ({ ...nothing }));
    known[kind]++;
    if (kind === 'retried') known.fewestRetries = Math.min(retries, known.fewestRetries ?? retries);
  }

  function add(row: WaitingRow): void {
    const key = rowKey(row);
    keys.add(key);
    // A SYN that was sent again has waited for a second at least.
    if (row.is === 'syn_sent') {
      if (row.retransmits > 0) count(addressKey(row.remote), 'retried', row.retransmits);
      return;
    }
    if (before !== null && !before.has(key)) return;
    if (row.unacknowledged > 0 && row.retransmits > 1) count(addressKey(row.remote), 'unacknowledged');
    if (row.unread > 0) count(addressKey(row.local), 'unread');
  }

  for (const namespace of [nginx, ...others]) for (const row of rowsOf(namespace, ports)) add(row);
  return {
    keys,
    of(peer) {
      const address = parseSocketAddress(peer);
      return address === null ? nothing : (counts.get(addressKey(address)) ?? nothing);
    },
  };
}

/** Whether it is more than a moment's delay. */
export function isStuck({ retried, unacknowledged, unread }: SocketFacts): boolean {
  return retried + unacknowledged + unread > 0;
}
