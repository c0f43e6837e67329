/** One job's fault is that job's: its exception ends its tick, and nothing else. */
import type { Log } from '../netdata/log.ts';
import type { Clock } from '../system/clock.ts';

export interface GuardPorts {
  readonly clock: Pick<Clock, 'monotonicUs'>;
  readonly log: Log;
}

export interface Guard {
  /** What the call returns; undefined when it throws, and while the subject rests after it threw. */
  run<T>(call: () => T): T | undefined;
  /** All of a tick went well: if it did not before, that is logged. */
  worked(): void;
  /** How often in a row it threw, without a tick that went well in between. */
  faults(): number;
}

/** Soon enough to be back; seldom enough to cost nothing. */
const restUs = 10_000_000;

export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Keeps the exceptions of one job: logged with their stack when they begin, and once when they have ended. */
export function createGuard(job: string, { clock, log }: GuardPorts): Guard {
  let restsUntilUs = Number.NEGATIVE_INFINITY;
  let faults = 0;
  let told = '';

  function failed(error: unknown): void {
    faults++;
    restsUntilUs = clock.monotonicUs() + restUs;
    // Where it was noticed may differ from time to time, and so may a number in its text.
    const kind = String(error).replace(/\d+/g, '');
    if (kind === told) return;
    told = kind;
    const fate = `is tried again every ${restUs / 1e6} s; other jobs are not affected`;
    log.error(`job ${job} failed and ${fate}: ${stackOf(error)}`, { job });
  }

  return {
    run(call) {
      if (clock.monotonicUs() < restsUntilUs) return undefined;
      try {
        return call();
      } catch (error) {
        failed(error);
        return undefined;
      }
    },
    worked() {
      if (faults === 0 || clock.monotonicUs() < restsUntilUs) return;
      faults = 0;
      told = '';
      log.info(`job ${job} works again`, { job });
    },
    faults: () => faults,
  };
}
