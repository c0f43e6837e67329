/** One nginx as its processes showed it at one tick. */
export interface MasterView {
  readonly pid: number;
  /** How often it has slept since it started; null when that cannot be read. */
  readonly sleeps: number | null;
  readonly workers: readonly WorkerView[];
}

export interface WorkerView {
  readonly pid: number;
  /** An old worker after a reload: it serves what it has, and takes nothing new. */
  readonly shuttingDown: boolean;
}

export interface WorkerTotals {
  readonly running: number;
  readonly shuttingDown: number;
  /** Running totals. */
  readonly reloads: number;
  readonly restarts: number;
}

export interface Workers {
  /**
   * @param masters every nginx of the job; none while nginx does not run
   * @param crashes how many `worker process N exited on signal S` the error log has brought since the last call
   */
  record(masters: readonly MasterView[], crashes: number): WorkerTotals;
}

/**
 * A change is over when as many workers run as before it (a reload: none of the old ones, and they stay, for the
 * new ones come one by one), or after this many looks: then there are fewer now.
 */
const longestChange = 5;

/** What one master was last seen with, and the change that is under way. */
interface WatchedMaster {
  running: ReadonlySet<number>;
  sleeps: number | null;
  change: Change | null;
}

interface Change {
  readonly before: ReadonlySet<number>;
  /** How many workers have come since. */
  fresh: number;
  readonly sleepsBefore: number | null;
  looks: number;
  crashes: number;
  /** Old and new workers were seen side by side, or an old one said that it is shutting down. */
  graceful: boolean;
}

/**
 * Distinguishes reloads from crashes by checking the workers once a tick. `restarts` counts workers that died and were
 * replaced, and an nginx that was started again; a reload and a binary upgrade count as `reloads`.
 *
 * A reload starts new workers, waits 100 ms, then asks the old ones to go (src/os/unix/ngx_process_cycle.c,
 * ngx_master_process_cycle), so old and new may be seen together, or all of them are new at the next check. A crash
 * replaces the one that died. With a single worker both look alike: docs/decisions/0151-reload-or-crash.md.
 */
export function createWorkers(): Workers {
  const watched = new Map<number, WatchedMaster>();
  let lastMasters: readonly number[] = [];
  let reloads = 0;
  let restarts = 0;

  function look(master: WatchedMaster, { sleeps, workers }: MasterView, crashes: number): void {
    const running = runningOf(workers);
    const leaving = workers.some(({ pid, shuttingDown }) => shuttingDown && master.running.has(pid));
    const isStill = sameSet(running, master.running);
    if (!isStill) {
      const { running: before, sleeps: sleepsBefore } = master;
      master.change ??= { before, fresh: 0, sleepsBefore, looks: 0, crashes: 0, graceful: false };
    }
    const { change } = master;
    if (change !== null) {
      change.looks++;
      change.fresh += without(running, master.running).size;
      change.crashes += crashes;
      change.graceful ||= leaving || (running.size > change.before.size && isSubset(change.before, running));
      const isReplaced = isStill && without(change.before, running).size === change.before.size;
      const isComplete = running.size >= change.before.size && (isReplaced || !change.graceful);
      if (isComplete || change.looks >= longestChange) {
        settle(change, running, sleeps);
        master.change = null;
      }
    }
    master.running = running;
    master.sleeps = sleeps;
  }

  function settle(change: Change, running: ReadonlySet<number>, sleeps: number | null): void {
    const fresh = without(running, change.before).size;
    const lost = without(change.before, running).size;
    if (fresh === 0) return;
    // Reloads that follow each other faster than we look leave no check with the same workers.
    if (change.graceful) reloads += Math.max(1, Math.floor(change.fresh / running.size));
    else if (lost < change.before.size || isCrash(change, sleeps)) restarts += Math.min(lost, fresh);
    else reloads++;
  }

  return {
    record(masters, crashes) {
      const pids = masters.map(({ pid }) => pid);
      if (lastMasters.length > 0 && pids.length > 0 && !pids.some((pid) => lastMasters.includes(pid))) restarts++;
      if (pids.length > 0) lastMasters = pids;
      for (const pid of watched.keys()) if (!pids.includes(pid)) watched.delete(pid);
      for (const master of masters) {
        const known = watched.get(master.pid);
        if (known !== undefined) look(known, master, crashes);
        else watched.set(master.pid, firstSight(master));
      }
      const all = masters.flatMap(({ workers }) => workers);
      const shuttingDown = all.filter((worker) => worker.shuttingDown).length;
      return { running: all.length - shuttingDown, shuttingDown, reloads, restarts };
    },
  };
}

function firstSight({ sleeps, workers }: MasterView): WatchedMaster {
  return { running: runningOf(workers), sleeps, change: null };
}

function runningOf(workers: readonly WorkerView[]): ReadonlySet<number> {
  return new Set(workers.filter(({ shuttingDown }) => !shuttingDown).map(({ pid }) => pid));
}

/** Every worker is new and nobody saw how it happened: the log says so, or the master slept no more than once. */
function isCrash({ crashes, sleepsBefore, before }: Change, sleeps: number | null): boolean {
  if (crashes > 0) return true;
  return before.size === 1 && sleepsBefore !== null && sleeps !== null && sleeps - sleepsBefore === 1;
}

function without(pids: ReadonlySet<number>, others: ReadonlySet<number>): ReadonlySet<number> {
  return new Set([...pids].filter((pid) => !others.has(pid)));
}

const isSubset = (part: ReadonlySet<number>, of: ReadonlySet<number>): boolean => without(part, of).size === 0;
const sameSet = (a: ReadonlySet<number>, b: ReadonlySet<number>): boolean => a.size === b.size && isSubset(a, b);
