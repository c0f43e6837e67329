import type { SocketAddress } from '../peer-address.ts';
import { hexAt, skipBlanks, skipDigits } from './bytes.ts';

/** A TCP socket with something that waits: its SYN, bytes that nobody acknowledges, or bytes that nobody reads. */
export interface WaitingRow {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly is: 'syn_sent' | 'established';
  /** Bytes sent and not acknowledged; for a SYN 1. */
  readonly unacknowledged: number;
  readonly unread: number;
  /** How often the oldest of them was sent again. */
  readonly retransmits: number;
}

const established = 1;
const synSent = 2;
/** nginx gave up and closed; what it had sent is still sent again. */
const finWait1 = 4;
/** The third word of a v4-mapped address, in the kernel's text. */
const mapped = '0000FFFF';

function addressAt(bytes: Uint8Array, at: number, width: number): SocketAddress {
  const port = hexAt(bytes, at + width + 1, 4);
  const words: number[] = [];
  for (let place = at; place < at + width; place += 8) words.push(hexAt(bytes, place, 8));
  const [a, b, , low = 0] = words;
  const third = String.fromCharCode(...bytes.subarray(at + 16, at + 24));
  const isMapped = width === 32 && a === 0 && b === 0 && (third === mapped || third === 'FFFF0000');
  return { words: isMapped ? [low] : words, port };
}

function rowAt(bytes: Uint8Array, start: number, end: number): WaitingRow | null {
  const colon = skipDigits(bytes, skipBlanks(bytes, start, end), end);
  const local = colon + 2;
  const width = bytes[local + 8] === 58 ? 8 : 32;
  const remote = local + width + 6;
  const tail = remote + width + 6;
  if (bytes[colon] !== 58 || tail + 41 >= end) return null;
  const state = hexAt(bytes, tail, 2);
  if (state !== established && state !== synSent && state !== finWait1) return null;
  const unacknowledged = hexAt(bytes, tail + 3, 8);
  const unread = hexAt(bytes, tail + 12, 8);
  const retransmits = hexAt(bytes, tail + 33, 8);
  if (state !== synSent && unread === 0 && (unacknowledged === 0 || retransmits === 0)) return null;
  return {
    local: addressAt(bytes, local, width),
    remote: addressAt(bytes, remote, width),
    is: state === synSent ? 'syn_sent' : 'established',
    unacknowledged,
    unread,
    retransmits,
  };
}

/**
 * Hands over the rows of /proc/net/tcp or tcp6 (see net-tcp.ts) in which something waits: few, on any host.
 *
 * @returns how far it got: what is left is the start of a row whose rest is still to come
 */
export function scanWaiting(bytes: Uint8Array, end: number, found: (row: WaitingRow) => void): number {
  let start = 0;
  while (start < end) {
    const stop = bytes.indexOf(10, start);
    if (stop < 0 || stop >= end) break;
    const row = rowAt(bytes, start, stop);
    if (row !== null) found(row);
    start = stop + 1;
  }
  return start;
}
