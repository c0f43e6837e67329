/**
 * The rows of /proc/net/tcp, tcp6, udp and udp6 on their bytes, as they come from the kernel
 * (net/ipv4/tcp_ipv4.c:get_tcp4_sock, tcp6_seq_show, net/ipv4/udp.c:udp4_format_sock): a row is
 * `sl: LOCAL:PORT REMOTE:PORT ST TX:RX TR:WHEN RETR UID TIMEOUT INODE …` with every field before UID of fixed width.
 */
import type { SocketAddress } from '../peer-address.ts';
import { decimalAt, hexAt, notHex, skipBlanks, skipDigits } from './bytes.ts';

/** `st` as the kernel numbers it (include/net/tcp_states.h). A UDP socket that is not connected is in `close`. */
export const socketStates = {
  established: 1,
  synSent: 2,
  synReceived: 3,
  finWait1: 4,
  finWait2: 5,
  timeWait: 6,
  close: 7,
  closeWait: 8,
  lastAck: 9,
  listen: 10,
  closing: 11,
  newSynReceived: 12,
} as const;

/** Where the columns of a row begin, and where it ends. */
export interface SocketRow {
  readonly local: number;
  readonly remote: number;
  /** Of an address: 8 digits for IPv4, 32 for IPv6. */
  readonly width: number;
  /** Of ST; what follows it up to UID has fixed places. */
  readonly tail: number;
  readonly end: number;
}

/**
 * Hands over every complete row of `bytes` before `end` and returns how far it got: what is left is the start of a row
 * whose rest is still to come. Rows that are no rows are passed over.
 */
export function scanSocketRows(bytes: Uint8Array, end: number, visit: (row: SocketRow) => void): number {
  let start = 0;
  while (start < end) {
    const stop = bytes.indexOf(10, start);
    if (stop < 0 || stop >= end) break;
    const row = rowAt(bytes, start, stop);
    if (row !== null) visit(row);
    start = stop + 1;
  }
  return start;
}

function rowAt(bytes: Uint8Array, start: number, end: number): SocketRow | null {
  const sl = skipDigits(bytes, skipBlanks(bytes, start, end), end);
  const local = sl + 2;
  const width = bytes[local + 8] === 58 ? 8 : 32;
  const remote = local + width + 6;
  const tail = remote + width + 6;
  return bytes[sl] !== 58 || uidStart(tail) >= end ? null : { local, remote, width, tail, end };
}

/** `ST TX:RX TR:WHEN RETR ` is 2+1+17+1+11+1+8 wide. */
function uidStart(tail: number): number {
  return tail + 41;
}

export const stateOf = (bytes: Uint8Array, { tail }: SocketRow): number => hexAt(bytes, tail, 2);
/** Bytes sent and not acknowledged. */
export const sendQueueOf = (bytes: Uint8Array, { tail }: SocketRow): number => hexAt(bytes, tail + 3, 8);
/** Bytes received and not read; of a listener, connections that wait to be accepted. */
export const receiveQueueOf = (bytes: Uint8Array, { tail }: SocketRow): number => hexAt(bytes, tail + 12, 8);
export const retransmitsOf = (bytes: Uint8Array, { tail }: SocketRow): number => hexAt(bytes, tail + 33, 8);
export const uidOfRow = (bytes: Uint8Array, { tail, end }: SocketRow): number => decimalAt(bytes, uidStart(tail), end);
/** The port of the address that begins at `at`. */
export const portAt = (bytes: Uint8Array, at: number, width: number): number => hexAt(bytes, at + width + 1, 4);

export function wordsAt(bytes: Uint8Array, at: number, width: number): readonly number[] {
  const words: number[] = [];
  for (let place = at; place < at + width; place += 8) words.push(hexAt(bytes, place, 8));
  return words;
}

export interface Listener extends SocketAddress {
  /** Connections waiting to be accepted. */
  readonly queued: number;
  readonly uid: number;
  readonly inode: number;
}

/** The socket of a row as one that is bound; null where the row is damaged. */
export function listenerOf(bytes: Uint8Array, row: SocketRow): Listener | null {
  const { local, width, tail, end } = row;
  const words = wordsAt(bytes, local, width);
  const port = portAt(bytes, local, width);
  const queued = receiveQueueOf(bytes, row);
  const uid = uidOfRow(bytes, row);
  const timeoutAt = skipNumber(bytes, uidStart(tail), end);
  const inode = decimalAt(bytes, skipNumber(bytes, timeoutAt, end), end);
  const whole = port !== notHex && queued !== notHex && !words.includes(notHex) && uid >= 0 && inode >= 0;
  return whole ? { words, port, queued, uid, inode } : null;
}

function skipNumber(bytes: Uint8Array, at: number, end: number): number {
  return skipDigits(bytes, skipBlanks(bytes, at, end), end);
}

/** The UDP sockets of a table that take datagrams from anybody. */
export function scanDatagrams(bytes: Uint8Array, end: number, found: (socket: Listener) => void): number {
  return scanSocketRows(bytes, end, (row) => {
    const { remote, width } = row;
    const isConnected = portAt(bytes, remote, width) !== 0 || wordsAt(bytes, remote, width).some((word) => word !== 0);
    const socket = isConnected || stateOf(bytes, row) !== socketStates.close ? null : listenerOf(bytes, row);
    if (socket !== null) found(socket);
  });
}
