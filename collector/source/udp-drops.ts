/** What the kernel threw away because nobody fetched it in time: the last column of /proc/net/udp and udp6 (proc(5)). */

import { isIPv6 } from 'node:net';
import { hexadecimal } from '../base/text.ts';
import type { FileSystem } from '../system/fs.ts';
import { readText } from '../system/small-file.ts';

/** A table of some ten thousand sockets; more is not worth a tick. */
const mostBytes = 2 * 1024 * 1024;

/** Drops of the socket bound to this address and port since it was bound; null when it is not in the table. */
export function udpDrops(fs: FileSystem, address: string, port: number): number | null {
  const read = readText(fs, isIPv6(address) ? '/proc/net/udp6' : '/proc/net/udp', mostBytes);
  const table = read.ok ? read.value : '';
  const suffix = `:${hexadecimal(port, 4)}`;
  const local = isIPv6(address) ? suffix : ipv4Hex(address) + suffix;
  for (const row of table.split('\n').slice(1)) {
    const columns = row.trim().split(/\s+/);
    if (columns[1]?.endsWith(local)) return Number(columns[12] ?? 0);
  }
  return null;
}

/** The kernel prints the address as a number of the machine's byte order; all that we run on are little-endian. */
function ipv4Hex(address: string): string {
  const bytes = address.split('.').map(Number).reverse();
  return bytes.map((byte) => hexadecimal(byte)).join('');
}
