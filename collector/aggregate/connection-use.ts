export interface ConnectionReading {
  /** stub_status, summed over the servers; null when it does not answer. */
  readonly status: { readonly active: number; readonly writing: number } | null;
  /** From the socket tables; null when they cannot be read. */
  readonly sockets: { readonly accepted: number; readonly toPeers: number } | null;
  /** Descriptors of each worker; 0 or null where that is not known. */
  readonly openFiles: readonly (number | null)[];
}

export interface ConnectionUse {
  /** How many worker_connections are in use, of all workers together; null when nothing is known. */
  record(reading: ConnectionReading): number | null;
}

/**
 * Measure 9, an estimate: clients, and the connections made for them. nginx also needs a few connections for its
 * listening sockets and channels, which are not seen here.
 *
 * stub_status counts the clients best, but at the limit nginx answers it no more, and that is when the share matters.
 * Then the workers' descriptors tell: what they have more than when stub_status last answered are connections. Where
 * the kernel does not tell them (before 6.2), the accepted sockets of nginx's user are counted instead, which takes
 * another nginx of the same user for this one. Without the socket tables every request being worked on is taken to
 * need a second connection.
 */
export function createConnectionUse(): ConnectionUse {
  /** Descriptors of a worker that are no connections, when stub_status last answered. */
  let restOfWorker: number | null = null;

  return {
    record({ status, sockets, openFiles }) {
      const files = total(openFiles);
      if (status !== null) {
        const used = status.active + (sockets?.toPeers ?? status.writing);
        restOfWorker = files === null ? null : (files - used) / openFiles.length;
        return used;
      }
      if (files !== null && restOfWorker !== null)
        return Math.max(0, Math.round(files - restOfWorker * openFiles.length));
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
