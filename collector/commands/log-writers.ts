/** The processes whose lines an error log may hold, from /proc. */
import { createNginxProcesses } from '../compose/nginx-processes.ts';
import type { Writers } from '../diagnose/writers.ts';
import { readText } from '../discover/files.ts';
import { procFolder } from '../discover/find-nginx.ts';
import { workersOf } from '../discover/processes.ts';
import { parseProcStatus } from '../parse/proc-pid.ts';
import { createProcfs } from '../source/procfs.ts';
import type { FileSystem } from '../system/fs.ts';

/** USER_HZ, as in discovery: 100 on every architecture that Netdata is built for. */
const ticksPerSecond = 100;

/**
 * @param masters of every nginx that may write to the log
 * @returns null where that cannot be told
 */
export function readWriters(masters: readonly number[], fs: FileSystem, hostPrefix: string): Writers | null {
  const proc = procFolder(hostPrefix);
  const procfs = createProcfs(fs, proc);
  const stat = readText(fs, `${proc}/stat`);
  const boot = stat.ok ? /^btime (\d+)$/m.exec(stat.value)?.[1] : undefined;
  const family = masters.flatMap((pid) => createNginxProcesses(procfs, () => pid).look(0));
  const started = family.flatMap(({ pid }) => workersOf(fs, proc, pid)).map(({ startTicks }) => startTicks);
  if (boot === undefined || started.length === 0) return null;
  const pids = family.flatMap(({ pid, workers }) => [
    parseProcStatus(procfs.text(`${pid}/status`) ?? '').innerPid ?? pid,
    ...workers.map(({ innerPid }) => innerPid),
  ]);
  return { pids: new Set(pids), sinceMs: Number(boot) * 1000 + Math.max(...started) * (1000 / ticksPerSecond) };
}
