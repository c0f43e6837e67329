import type { MasterView, WorkerView } from './aggregate/workers.ts';
import { parseNginxTitle, parseOpenFilesLimit, parseProcStatus } from './parse/proc-pid.ts';
import type { Procfs } from './source/procfs.ts';

export interface NginxWorker extends WorkerView {
  /** What it calls itself in its error log: another number than `pid` in a container. */
  readonly innerPid: number;
  readonly uid: number | null;
  /** As Procfs.openFiles. */
  readonly openFiles: number | null;
  readonly limit: number | null;
}

export interface NginxMaster extends MasterView {
  readonly workers: readonly NginxWorker[];
  /** Its network namespace, as Procfs.networkOf. */
  readonly network: string | null;
}

export interface NginxProcesses {
  /** The masters of this job and their workers, now; none while nginx does not run. */
  look(nowUs: number): readonly NginxMaster[];
}

/** What of a worker does not change while it lives, or hardly ever. */
interface KnownWorker {
  readonly innerPid: number;
  readonly uid: number | null;
  readonly limit: number | null;
  readonly readAtUs: number;
}

/** `prlimit` may change a limit while the worker runs; nobody does so twice a minute. */
const limitsAgeUs = 60_000_000;

/**
 * The processes of one nginx in /proc, a few small files each tick. A container's are in the host's /proc under pids of
 * the host, so nothing is different for them.
 *
 * @param mainPid the master, as it was discovered last; null while none is known
 */
export function createNginxProcesses(procfs: Procfs, mainPid: () => number | null): NginxProcesses {
  const known = new Map<number, KnownWorker>();
  let masters: readonly number[] = [];

  const titleOf = (pid: number) => parseNginxTitle(procfs.text(`${pid}/cmdline`) ?? '');
  const statusOf = (pid: number) => parseProcStatus(procfs.text(`${pid}/status`) ?? '');
  const isMaster = (pid: number) => titleOf(pid)?.role === 'master';

  /**
   * A binary upgrade forks the new master from the old one, which ends later. A worker that was forked a moment ago
   * still has its master's title: one without workers is no master yet.
   */
  function mastersNow(): readonly number[] {
    const main = mainPid();
    const before = main === null || masters.includes(main) ? masters : [...masters, main];
    const alive = before.filter(isMaster);
    const forked = alive.flatMap(childrenOf).filter((pid) => !alive.includes(pid) && isMaster(pid) && hasWorkers(pid));
    return [...alive, ...forked];
  }

  const hasWorkers = (pid: number) => childrenOf(pid).some((child) => titleOf(child)?.role === 'worker');

  /** `task/PID/children` needs a kernel with CONFIG_PROC_CHILDREN, as all distributions build it; else every process is asked. */
  function childrenOf(pid: number): readonly number[] {
    const text = procfs.text(`${pid}/task/${pid}/children`);
    if (text !== null) return text.split(' ').filter(Boolean).map(Number);
    return procfs.pids().filter((child) => statusOf(child).parent === pid);
  }

  function worker(pid: number, shuttingDown: boolean, nowUs: number): NginxWorker {
    let facts = known.get(pid);
    if (facts === undefined || nowUs - facts.readAtUs >= limitsAgeUs) {
      const limit = parseOpenFilesLimit(procfs.text(`${pid}/limits`) ?? '');
      const { uid, innerPid } = statusOf(pid);
      facts = { uid, innerPid: innerPid ?? pid, limit, readAtUs: nowUs };
      known.set(pid, facts);
    }
    const { innerPid, uid, limit } = facts;
    return { pid, innerPid, shuttingDown, uid, limit, openFiles: procfs.openFiles(pid) };
  }

  function workersOf(master: number, nowUs: number): readonly NginxWorker[] {
    return childrenOf(master).flatMap((pid) => {
      const title = titleOf(pid);
      return title?.role === 'worker' ? [worker(pid, title.shuttingDown, nowUs)] : [];
    });
  }

  return {
    look(nowUs) {
      masters = mastersNow();
      const seen = masters.map((pid) => ({
        pid,
        sleeps: statusOf(pid).voluntarySwitches,
        workers: workersOf(pid, nowUs),
        network: procfs.networkOf(pid),
      }));
      const pids = new Set(seen.flatMap(({ workers }) => workers.map(({ pid }) => pid)));
      for (const pid of known.keys()) if (!pids.has(pid)) known.delete(pid);
      return seen;
    },
  };
}
