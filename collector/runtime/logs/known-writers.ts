import type { Writers } from '../../diagnose/facts/writers.ts';
import type { LiveMaster } from '../nginx/processes.ts';

/** Who writes to the error logs of an nginx, from checks of its processes. */
export interface KnownWriters {
  /** @param masters as they were at this look; none while no nginx can be seen */
  seen(masters: readonly KnownMaster[], nowMs: number): void;
  /** On the clock of `seen`; null while it is not known. */
  now(): Writers | null;
}

type KnownMaster = Pick<LiveMaster, 'pid' | 'sleeps' | 'logPids'>;

/** So long a process is remembered that has ended. */
const rememberedMs = 600_000;

/**
 * A master sleeps until a signal or the end of a child wakes it, and the kernel counts how often it went to sleep. So
 * where neither the processes nor these counts have changed, no process has come or gone, not even one that lived
 * between two checks: a worker that crashes at each request, a binary upgrade that was taken back.
 */
export function createKnownWriters(): KnownWriters {
  const seenAtMs = new Map<number, number>();
  let before: string | null = null;
  let sinceMs = Number.POSITIVE_INFINITY;

  return {
    seen(masters, nowMs) {
      const isTold = masters.length > 0 && masters.every(({ sleeps }) => sleeps !== null);
      const now = isTold ? masters.map(({ pid, sleeps, logPids }) => `${pid} ${sleeps} ${logPids}`).join() : null;
      if (now !== before) {
        sinceMs = nowMs;
        for (const [pid, ms] of seenAtMs) if (nowMs - ms > rememberedMs) seenAtMs.delete(pid);
      }
      before = now;
      for (const { logPids } of masters) for (const pid of logPids) seenAtMs.set(pid, nowMs);
    },
    now: () => (before === null ? null : { pids: seenAtMs, sinceMs }),
  };
}
