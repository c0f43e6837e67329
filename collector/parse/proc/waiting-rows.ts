import { type SocketAddress, unmapped } from '../peer-address.ts';
import {
  portAt,
  receiveQueueOf,
  retransmitsOf,
  type SocketRow,
  scanSocketRows,
  sendQueueOf,
  socketStates,
  stateOf,
  wordsAt,
} from './socket-rows.ts';

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

/** In FIN-WAIT-1 nginx gave up and closed; what it had sent is still sent again. */
const watchedStates: ReadonlySet<number> = new Set([
  socketStates.established,
  socketStates.synSent,
  socketStates.finWait1,
]);

function addressAt(bytes: Uint8Array, at: number, width: number): SocketAddress {
  return { words: unmapped(wordsAt(bytes, at, width)), port: portAt(bytes, at, width) };
}

function waitingRow(bytes: Uint8Array, row: SocketRow): WaitingRow | null {
  const state = stateOf(bytes, row);
  if (!watchedStates.has(state)) return null;
  const unacknowledged = sendQueueOf(bytes, row);
  const unread = receiveQueueOf(bytes, row);
  const retransmits = retransmitsOf(bytes, row);
  const isConnecting = state === socketStates.synSent;
  if (!isConnecting && unread === 0 && (unacknowledged === 0 || retransmits === 0)) return null;
  return {
    local: addressAt(bytes, row.local, row.width),
    remote: addressAt(bytes, row.remote, row.width),
    is: isConnecting ? 'syn_sent' : 'established',
    unacknowledged,
    unread,
    retransmits,
  };
}

/** Hands over the rows in which something waits, as scanSocketRows does: few, on any host. */
export function scanWaiting(bytes: Uint8Array, end: number, found: (row: WaitingRow) => void): number {
  return scanSocketRows(bytes, end, (row) => {
    const waiting = waitingRow(bytes, row);
    if (waiting !== null) found(waiting);
  });
}
