import { parseSocketAddress } from '../peer-address.ts';
import { decimalAt, hexAt, notHex, skipBlanks, skipDigits } from './bytes.ts';

/**
 * /proc/net/tcp and tcp6, counted on the bytes as they come from the kernel (net/ipv4/tcp_ipv4.c:get_tcp4_sock,
 * tcp6_seq_show): a row is `sl: LOCAL:PORT REMOTE:PORT ST TX:RX TR:WHEN RETR UID TIMEOUT INODE …` with every field
 * before UID of fixed width. A host with 50,000 sockets has 7.5 MB of them, nearly all of no interest: a row is left as
 * soon as its remote port belongs to no peer, and nothing of it becomes a string.
 */

/** `st` as the kernel numbers it (include/net/tcp_states.h). */
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

const stateSlots = 13;

export interface Listener {
  /** As in SocketAddress: one word for IPv4, four for IPv6. */
  readonly words: readonly number[];
  readonly port: number;
  /** Connections waiting to be accepted. */
  readonly queued: number;
  readonly uid: number;
  readonly inode: number;
}

export interface TcpScanner {
  /**
   * Counts every complete row of `bytes` before `end` and returns how far it got: what is left is the start of a row
   * whose rest is still to come. Rows that are no rows are passed over.
   */
  scan(bytes: Uint8Array, end: number): number;
  /** Sockets whose remote end is this peer, in the kernel's state `st`. */
  count(peer: string, st: number): number;
  /** Sockets of the owners to this peer whose SYN was sent again: nobody has answered it. */
  retransmitting(peer: string): number;
  /** Connections to any of the peers that belong to the owners and hold a descriptor. */
  toPeers(): number;
  /** Connections that the owners have accepted: their local port is one that is listened on. */
  accepted(): number;
  listeners(): readonly Listener[];
}

/** The peers to count for, as nginx writes them, made ready once. Those that are no IP address and port are ignored. */
export interface PeerIndex {
  readonly slotOf: ReadonlyMap<string, number>;
  readonly slots: number;
  readonly byPort: readonly (readonly Candidate[] | undefined)[];
}

/** @param owners user ids whose connections are distinguished from those of others (nginx's workers) */
export function createTcpScanner(peers: PeerIndex, owners: ReadonlySet<number>): TcpScanner {
  const { slotOf, byPort, slots } = peers;
  const counts = new Uint32Array(slots * stateSlots);
  const resent = new Uint32Array(slots);
  const listening: Listener[] = [];
  const listened = new Uint8Array(65536);
  let toPeers = 0;
  let accepted = 0;

  function row(bytes: Uint8Array, start: number, end: number): void {
    const sl = skipDigits(bytes, skipBlanks(bytes, start, end), end);
    if (bytes[sl] !== 58) return;
    const local = sl + 2;
    const width = bytes[local + 8] === 58 ? 8 : 32;
    const remote = local + width + 6;
    const tail = remote + width + 6;
    if (uidStart(tail) >= end) return;
    const st = hexAt(bytes, tail, 2);
    if (st === socketStates.listen) listen(readListener(bytes, local, width, tail, end));
    else if (st < stateSlots) connection(bytes, { local, remote, width, tail, end }, st);
  }

  function listen(listener: Listener | null): void {
    if (listener === null) return;
    listening.push(listener);
    listened[listener.port] = 1;
  }

  function connection(bytes: Uint8Array, at: Columns, st: number): void {
    const { local, remote, width, tail, end } = at;
    const slot = findPeer(byPort[hexAt(bytes, remote + width + 1, 4)], bytes, remote, width);
    if (slot >= 0) counts[slot * stateSlots + st] = (counts[slot * stateSlots + st] ?? 0) + 1;
    if (!holdsDescriptor(st)) return;
    const isAccepted = listened[hexAt(bytes, local + width + 1, 4)] === 1;
    if ((slot < 0 && !isAccepted) || !owners.has(decimalAt(bytes, uidStart(tail), end))) return;
    if (slot < 0) accepted++;
    else {
      toPeers++;
      if (st === socketStates.synSent && hexAt(bytes, retransmitsAt(tail), 8) > 0)
        resent[slot] = (resent[slot] ?? 0) + 1;
    }
  }

  return {
    scan(bytes, end) {
      let start = 0;
      while (start < end) {
        const stop = bytes.indexOf(10, start);
        if (stop < 0 || stop >= end) break;
        row(bytes, start, stop);
        start = stop + 1;
      }
      return start;
    },
    count(peer, st) {
      const slot = slotOf.get(peer);
      return slot === undefined ? 0 : (counts[slot * stateSlots + st] ?? 0);
    },
    retransmitting(peer) {
      const slot = slotOf.get(peer);
      return slot === undefined ? 0 : (resent[slot] ?? 0);
    },
    toPeers: () => toPeers,
    accepted: () => accepted,
    listeners: () => listening,
  };
}

/** Where the columns of a row begin, and where it ends. */
interface Columns {
  readonly local: number;
  readonly remote: number;
  readonly width: number;
  readonly tail: number;
  readonly end: number;
}

interface Candidate {
  readonly words: readonly number[];
  readonly slot: number;
}

export function indexPeers(peers: readonly string[]): PeerIndex {
  const index = new Map<string, number>();
  const byPort: (Candidate[] | undefined)[] = new Array(65536).fill(undefined);
  const slotOf = new Map<string, number>();
  for (const peer of peers) {
    const address = parseSocketAddress(peer);
    if (address === null) continue;
    // Two spellings of one address share a slot.
    const key = `${address.words.join('.')}:${address.port}`;
    const known = slotOf.get(key);
    const slot = known ?? slotOf.size;
    index.set(peer, slot);
    if (known !== undefined) continue;
    slotOf.set(key, slot);
    const same = byPort[address.port] ?? [];
    byPort[address.port] = same;
    same.push({ words: address.words, slot });
  }
  return { slotOf: index, byPort, slots: slotOf.size };
}

function findPeer(candidates: readonly Candidate[] | undefined, bytes: Uint8Array, at: number, width: number): number {
  if (candidates === undefined) return -1;
  const v4 = width === 8 ? at : mappedAt(bytes, at);
  const low = hexAt(bytes, v4 < 0 ? at : v4, 8);
  for (const { words, slot } of candidates) {
    if (words[0] !== low) continue;
    if (v4 >= 0 ? words.length === 1 : sameIpv6(words, bytes, at)) return slot;
  }
  return -1;
}

/** Where the IPv4 address of a v4-mapped one begins, or -1. */
function mappedAt(bytes: Uint8Array, at: number): number {
  for (let word = 0; word < 2; word += 1) if (hexAt(bytes, at + word * 8, 8) !== 0) return -1;
  return hexAt(bytes, at + 16, 8) === mappedWord ? at + 24 : -1;
}

/** The third word of a v4-mapped address, `::ffff:a.b.c.d`. */
const mappedWord = parseSocketAddress('[1::ffff:0:0]:0')?.words[2] ?? 0;

function sameIpv6(words: readonly number[], bytes: Uint8Array, at: number): boolean {
  if (words.length !== 4) return false;
  for (let word = 1; word < 4; word += 1) if (words[word] !== hexAt(bytes, at + word * 8, 8)) return false;
  return true;
}

function readListener(bytes: Uint8Array, local: number, width: number, tail: number, end: number): Listener | null {
  const words: number[] = [];
  for (let at = local; at < local + width; at += 8) words.push(hexAt(bytes, at, 8));
  const port = hexAt(bytes, local + width + 1, 4);
  const queued = hexAt(bytes, tail + 12, 8);
  const uidAt = uidStart(tail);
  const timeoutAt = skipNumber(bytes, uidAt, end);
  const uid = decimalAt(bytes, uidAt, end);
  const inode = decimalAt(bytes, skipNumber(bytes, timeoutAt, end), end);
  const whole = port !== notHex && queued !== notHex && !words.includes(notHex) && uid >= 0 && inode >= 0;
  return whole ? { words, port, queued, uid, inode } : null;
}

function skipNumber(bytes: Uint8Array, at: number, end: number): number {
  return skipDigits(bytes, skipBlanks(bytes, at, end), end);
}

/** Not TIME-WAIT and the like, which the kernel keeps after the process has closed them. */
function holdsDescriptor(st: number): boolean {
  return st === socketStates.established || st === socketStates.synSent || st === socketStates.closeWait;
}

/** `ST TX:RX TR:WHEN ` comes before RETR. */
function retransmitsAt(tail: number): number {
  return tail + 33;
}

/** `ST TX:RX TR:WHEN RETR ` is 2+1+17+1+11+1+8 wide. */
function uidStart(tail: number): number {
  return tail + 41;
}
