/** The processes whose lines an error log may hold, from /proc. */
import type { Writers } from '../../../diagnose/facts/writers.ts';
import { startTimes, workersOf } from '../../../discover/find/processes.ts';
import { createLiveProcesses } from '../../../runtime/nginx/processes.ts';
import type { Procfs } from '../../../system/process/procfs.ts';

/**
 * @param masters of every nginx that may write to the log
 * @returns null where that is not known
 */
export function readWriters(masters: readonly number[], proc: Procfs): Writers | null {
  const family = masters.flatMap((pid) => createLiveProcesses(proc, () => pid).look(0));
  const workers = family.flatMap(({ pid }) => workersOf(proc, pid));
  const times = startTimes(proc, workers);
  if (times.length === 0) return null;
  return { pids: new Set(family.flatMap(({ logPids }) => logPids)), sinceMs: Math.max(...times) };
}
