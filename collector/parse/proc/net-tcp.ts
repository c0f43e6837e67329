import { addressKey, isMappedWords, parseSocketAddress } from '../peer-address.ts';
import { hexAt } from './bytes.ts';
import {
  type Listener,
  listenerOf,
  portAt,
  retransmitsOf,
  type SocketRow,
  scanSocketRows,
  socketStates,
  stateOf,
  uidOfRow,
} from './socket-rows.ts';

/**
 * The sockets of /proc/net/tcp and tcp6, counted on the bytes. A host with 50,000 of them has 7.5 MB of rows, nearly all
 * of no interest: a row is left as soon as its remote port belongs to no peer, and nothing of it becomes a string.
 */

const stateSlots = 13;

export interface TcpScanner {
  /** Counts every row, as scanSocketRows hands them over. */
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

  function listen(listener: Listener | null): void {
    if (listener === null) return;
    listening.push(listener);
    listened[listener.port] = 1;
  }

  function connection(bytes: Uint8Array, row: SocketRow, st: number): void {
    const { local, remote, width } = row;
    const slot = findPeer(byPort[portAt(bytes, remote, width)], bytes, remote, width);
    if (slot >= 0) counts[slot * stateSlots + st] = (counts[slot * stateSlots + st] ?? 0) + 1;
    if (!holdsDescriptor(st)) return;
    const isAccepted = listened[portAt(bytes, local, width)] === 1;
    if ((slot < 0 && !isAccepted) || !owners.has(uidOfRow(bytes, row))) return;
    if (slot < 0) accepted++;
    else {
      toPeers++;
      if (st === socketStates.synSent && retransmitsOf(bytes, row) > 0) resent[slot] = (resent[slot] ?? 0) + 1;
    }
  }

  return {
    scan: (bytes, end) =>
      scanSocketRows(bytes, end, (row) => {
        const st = stateOf(bytes, row);
        if (st === socketStates.listen) listen(listenerOf(bytes, row));
        else if (st < stateSlots) connection(bytes, row, st);
      }),
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
    const key = addressKey(address);
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
  return isMappedWords((word) => hexAt(bytes, at + word * 8, 8)) ? at + 24 : -1;
}

function sameIpv6(words: readonly number[], bytes: Uint8Array, at: number): boolean {
  if (words.length !== 4) return false;
  for (let word = 1; word < 4; word += 1) if (words[word] !== hexAt(bytes, at + word * 8, 8)) return false;
  return true;
}

/** Not TIME-WAIT and the like, which the kernel keeps after the process has closed them. */
function holdsDescriptor(st: number): boolean {
  return st === socketStates.established || st === socketStates.synSent || st === socketStates.closeWait;
}
