/** How near the fullest worker is to its limit of descriptors. */

export interface WorkerFiles {
  /** Descriptors in use; 0 where the kernel (before 6.2) does not show it; null when the worker has gone. */
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
export function descriptorShare(workers: readonly WorkerFiles[]): DescriptorsUsed {
  let highest: number | null = null;
  for (const { openFiles, limit } of workers) {
    if (openFiles === 0) return { is: 'untold' };
    if (openFiles === null || limit === null || limit <= 0) continue;
    highest = Math.max(highest ?? 0, (100 * openFiles) / limit);
  }
  return highest === null ? { is: 'unknown' } : { is: 'known', percent: highest };
}
