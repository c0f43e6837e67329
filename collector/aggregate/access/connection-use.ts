export interface ConnectionReading {
  /** stub_status, summed over the servers; null when it does not answer. */
  readonly status: { readonly active: number; readonly writing: number } | null;
  /** From the socket tables; null when they cannot be read. */
  readonly sockets: { readonly accepted: number; readonly toPeers: number } | null;
  /** The socket tables were read in this tick: they are not read in every one. */
  readonly isFresh: boolean;
  /** Descriptors of each worker; 0 or null where that is not known. */
  readonly openFiles: readonly (number | null)[];
}

export interface ConnectionUse {
  /** How many worker_connections are in use, of all workers together; null when nothing is known. */
  record(reading: ConnectionReading): number | null;
}

/** How many comparisons are remembered: one that was made while connections came and went is outvoted. */
const remembered = 5;

/**
 * An estimate: clients, and the connections made for them. nginx also needs a few connections for its
 * listening sockets and channels, which are not seen here.
 *
 * stub_status counts the clients best, but at the limit nginx answers it no more, and that is when the share matters;
 * and the socket tables are not read in every tick. The workers' descriptors can be counted always: what they have more
 * than when both were known is connections. Where the kernel does not show them (before 6.2), the last socket tables
 * serve, and without stub_status the accepted sockets of nginx's user, which takes another nginx of the same user
 * for this one. Without socket tables every request being worked on is taken to need a second connection.
 */
export function createConnectionUse(): ConnectionUse {
  /** Descriptors of a worker that are not connections, the last few times this was known. */
  const rests: number[] = [];

  return {
    record({ status, sockets, isFresh, openFiles }) {
      const files = total(openFiles);
      if (status !== null && sockets !== null && isFresh) {
        const used = status.active + sockets.toPeers;
        if (files !== null) rests.push((files - used) / openFiles.length);
        if (rests.length > remembered) rests.shift();
        return used;
      }
      const rest = [...rests].sort((a, b) => a - b)[rests.length >> 1];
      if (files !== null && rest !== undefined) return Math.max(0, Math.round(files - rest * openFiles.length));
      if (status !== null) return status.active + (sockets?.toPeers ?? status.writing);
      return sockets === null ? null : sockets.accepted + sockets.toPeers;
    },
  };
}

/** The sum; null when one of them is not known, or there is none. */
function total(openFiles: readonly (number | null)[]): number | null {
  if (openFiles.length === 0) return null;
  let sum = 0;
  for (const files of openFiles) {
    if (files === null || files === 0) return null;
    sum += files;
  }
  return sum;
}
