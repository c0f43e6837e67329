import type { MasterView, WorkerView } from '../../aggregate/server/workers.ts';
import { childrenOf, statusOf, titleOf } from '../../discover/find/processes.ts';
import { type NginxTitle, parseOpenFilesLimit } from '../../parse/proc/pid.ts';
import type { Procfs } from '../../system/process/procfs.ts';

export interface LiveWorker extends WorkerView {
  /** What it calls itself in its error log: another number than `pid` in a container. */
  readonly innerPid: number;
  readonly uid: number | null;
  /** As Procfs.openFiles. */
  readonly openFiles: number | null;
  readonly limit: number | null;
}

export interface LiveMaster extends MasterView {
  readonly workers: readonly LiveWorker[];
  /** What it and its children, helpers too, call themselves in their error log. */
  readonly logPids: readonly number[];
  /** Its network namespace, as Procfs.networkOf. */
  readonly network: string | null;
}

export interface LiveProcesses {
  /** The masters of this job and their workers, now; none while nginx does not run. */
  look(nowUs: number): readonly LiveMaster[];
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

/** A worker's title changes when it is asked to go: others have come then, or soon will. */
const looksAfterChange = 3;
const looksBetween = 10;

/**
 * The processes of one nginx in /proc. A container's are in the host's /proc under pids of the host, so nothing is
 * different for them. With 64 workers small files add up, so their titles are read again only after processes have come
 * or gone, and at every tenth look.
 *
 * @param mainPid the master, as it was discovered last; null while none is known
 */
export function createLiveProcesses(procfs: Procfs, mainPid: () => number | null): LiveProcesses {
  const known = new Map<number, KnownWorker>();
  const titles = new Map<number, NginxTitle | null>();
  /** As `innerPid`, of cache managers and other helpers. */
  const helpers = new Map<number, number>();
  let masters: readonly number[] = [];
  let pidsBefore = '';
  let looksAlike = 0;

  /** A process without one of nginx's titles is asked again: it may get one. */
  function knownTitle(pid: number): NginxTitle | null {
    const title = titles.get(pid) ?? titleOf(procfs, pid);
    titles.set(pid, title);
    return title;
  }

  /** The masters that live, with their children: the one discovered, those known before, and those forked from them. */
  function familyNow(): ReadonlyMap<number, readonly number[]> {
    const family = new Map<number, readonly number[]>();
    const main = mainPid();
    for (const pid of main === null || masters.includes(main) ? masters : [...masters, main]) {
      if (titleOf(procfs, pid)?.role === 'master') family.set(pid, childrenOf(procfs, pid));
    }
    // A binary upgrade forks the new master from the old one, which ends later. A worker that was forked a moment ago
    // still has its master's title: one without workers is no master yet.
    for (const pid of [...family.values()].flat()) {
      if (family.has(pid) || knownTitle(pid)?.role !== 'master') continue;
      const children = childrenOf(procfs, pid);
      if (children.some((child) => knownTitle(child)?.role === 'worker')) family.set(pid, children);
    }
    return family;
  }

  function forgetTitles(family: ReadonlyMap<number, readonly number[]>): void {
    const pids = [...family.values()].flat().join(' ');
    looksAlike = pids === pidsBefore ? looksAlike + 1 : 0;
    pidsBefore = pids;
    if (looksAlike < looksAfterChange || looksAlike % looksBetween === 0) titles.clear();
  }

  function worker(pid: number, shuttingDown: boolean, nowUs: number): LiveWorker {
    let facts = known.get(pid);
    if (facts === undefined || nowUs - facts.readAtUs >= limitsAgeUs) {
      const limit = parseOpenFilesLimit(procfs.text(`${pid}/limits`) ?? '');
      const { uid, innerPid } = statusOf(procfs, pid);
      facts = { uid, innerPid: innerPid ?? pid, limit, readAtUs: nowUs };
      known.set(pid, facts);
    }
    const { innerPid, uid, limit } = facts;
    return { pid, innerPid, shuttingDown, uid, limit, openFiles: procfs.openFiles(pid) };
  }

  function logPidOf(pid: number): number {
    const logPid = known.get(pid)?.innerPid ?? helpers.get(pid) ?? statusOf(procfs, pid).innerPid ?? pid;
    if (!known.has(pid)) helpers.set(pid, logPid);
    return logPid;
  }

  function master(pid: number, children: readonly number[], nowUs: number): LiveMaster {
    const { voluntarySwitches, innerPid } = statusOf(procfs, pid);
    const workers = workersOf(children, nowUs);
    const logPids = [innerPid ?? pid, ...children.map(logPidOf)];
    return { pid, sleeps: voluntarySwitches, workers, logPids, network: procfs.networkOf(pid) };
  }

  function workersOf(children: readonly number[], nowUs: number): readonly LiveWorker[] {
    return children.flatMap((pid) => {
      const title = knownTitle(pid);
      return title?.role === 'worker' ? [worker(pid, title.shuttingDown, nowUs)] : [];
    });
  }

  return {
    look(nowUs) {
      const family = familyNow();
      masters = [...family.keys()];
      forgetTitles(family);
      const seen = Array.from(family, ([pid, children]) => master(pid, children, nowUs));
      const pids = new Set(seen.flatMap(({ workers }) => workers.map(({ pid }) => pid)));
      for (const pid of known.keys()) if (!pids.has(pid)) known.delete(pid);
      const children = new Set([...family.values()].flat());
      for (const pid of helpers.keys()) if (!children.has(pid)) helpers.delete(pid);
      return seen;
    },
  };
}
