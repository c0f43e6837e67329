import { createPace } from './aggregate/pace.ts';
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
 * Finds nginx in /proc, containers included: their processes are in the host's /proc under pids of the host.
 *
 * Masters are searched among all processes, so that is done seldom (0.1 % of a core; 1 % while an nginx that was there is
 * gone, to see it come back), but every 10 s at least. Between searches the children of the known masters are asked for,
 * a few small files each tick.
 *
 * @param isOurs whether this master belongs to the job
 */
export function createNginxProcesses(
  procfs: Procfs,
  isOurs: (pid: number, parent: number | null) => boolean,
  monotonicUs: () => number,
): NginxProcesses {
  const calm = createPace({ share: 0.001, longestUs: 10_000_000 });
  const urgent = createPace({ share: 0.01, longestUs: 10_000_000 });
  const known = new Map<number, KnownWorker>();
  let masters: readonly number[] = [];
  let hadMasters = false;

  const titleOf = (pid: number) => parseNginxTitle(procfs.text(`${pid}/cmdline`) ?? '');
  const statusOf = (pid: number) => parseProcStatus(procfs.text(`${pid}/status`) ?? '');

  function isMaster(pid: number): boolean {
    const title = titleOf(pid);
    return title?.role === 'master' && isOurs(pid, statusOf(pid).parent);
  }

  /** A worker that was forked a moment ago still has its master's title: that is no master. */
  function search(nowUs: number): readonly number[] {
    const startedUs = monotonicUs();
    const found = procfs.pids().filter(isMaster);
    const forked = new Set(found.filter((pid) => found.includes(statusOf(pid).parent ?? 0) && !hasWorkers(pid)));
    for (const pace of [calm, urgent]) pace.spent(nowUs, monotonicUs() - startedUs);
    return found.filter((pid) => !forked.has(pid));
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
      const alive = masters.filter(isMaster);
      const pace = alive.length === 0 && hadMasters ? urgent : calm;
      masters = pace.isDue(nowUs) ? search(nowUs) : alive;
      hadMasters ||= masters.length > 0;
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
