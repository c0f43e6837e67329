/** The processes whose lines an error log may hold, from /proc. */

import type { Writers } from '../../diagnose/facts/writers.ts';
import { procFolder } from '../../discover/find/find-nginx.ts';
import { startTimes, workersOf } from '../../discover/find/processes.ts';
import { parseProcStatus } from '../../parse/proc/pid.ts';
import { createNginxProcesses } from '../../runtime/nginx/processes.ts';
import type { FileSystem } from '../../system/fs.ts';
import { createProcfs } from '../../system/process/procfs.ts';

/**
 * @param masters of every nginx that may write to the log
 * @returns null where that cannot be told
 */
export function readWriters(masters: readonly number[], fs: FileSystem, hostPrefix: string): Writers | null {
  const proc = procFolder(hostPrefix);
  const procfs = createProcfs(fs, proc);
  const family = masters.flatMap((pid) => createNginxProcesses(procfs, () => pid).look(0));
  const workers = family.flatMap(({ pid }) => workersOf(fs, proc, pid));
  const times = startTimes(fs, proc, workers);
  if (times.length === 0) return null;
  const pids = family.flatMap(({ pid, workers }) => [
    parseProcStatus(procfs.text(`${pid}/status`) ?? '').innerPid ?? pid,
    ...workers.map(({ innerPid }) => innerPid),
  ]);
  return { pids: new Set(pids), sinceMs: Math.max(...times) };
}
