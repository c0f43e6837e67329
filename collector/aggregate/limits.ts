/** Measure 9: how near nginx is to the limits whose exhaustion looks like a failing upstream. */

export interface WorkerFiles {
  /** Descriptors in use; 0 where the kernel (before 6.2) does not tell; null when the worker has gone. */
  readonly openFiles: number | null;
  /** The soft limit of open files; Infinity when unlimited; null when it cannot be read. */
  readonly limit: number | null;
}

export type DescriptorsUsed =
  | { readonly is: 'known'; readonly percent: number }
  /** No worker, or none that could be read. */
  | { readonly is: 'unknown' }
  /** The kernel is older than 6.2. */
  | { readonly is: 'untold' };

/** The share of the worker that is nearest its limit: descriptors run out in one worker, not in the sum. */
export function descriptorsUsed(workers: readonly WorkerFiles[]): DescriptorsUsed {
  let highest: number | null = null;
  for (const { openFiles, limit } of workers) {
    if (openFiles === 0) return { is: 'untold' };
    if (openFiles === null || limit === null || limit <= 0) continue;
    highest = Math.max(highest ?? 0, (100 * openFiles) / limit);
  }
  return highest === null ? { is: 'unknown' } : { is: 'known', percent: highest };
}

export interface ConnectionUse {
  /** stub_status, summed over the servers; null when it does not answer. */
  readonly status: { readonly active: number; readonly writing: number } | null;
  /** From the socket tables; null when they cannot be read. */
  readonly sockets: { readonly accepted: number; readonly toPeers: number } | null;
}

/**
 * An estimate of worker_connections in use, of all workers together: clients, and the connections made for them. nginx
 * also needs some for its listening sockets and channels, which are not seen here.
 *
 * stub_status counts the clients best, but at the limit nginx answers it no more: then its accepted sockets are counted
 * instead. Without the socket tables each request being worked on is taken to need one more. null when nothing is known.
 */
export function connectionsUsed({ status, sockets }: ConnectionUse): number | null {
  const clients = status?.active ?? sockets?.accepted ?? null;
  const upstream = sockets?.toPeers ?? status?.writing ?? null;
  return clients === null || upstream === null ? null : clients + upstream;
}
