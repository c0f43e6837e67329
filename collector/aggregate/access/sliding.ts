import type { Percentiles } from '../../model.ts';
import { add, forEachRun, type Histogram, newHistogram, quantiles } from './histogram.ts';

const windowSeconds = 60;

/** Samples of the last minute: one histogram, and what each tick put into it, to be taken off again when it is over. */
export interface SlidingMinute {
  /** Takes over the samples of the tick that ended at `second` (monotonic) and forgets those a minute older. */
  advance(second: number, tick: Histogram): void;
  quantiles(): Percentiles | null;
  count(): number;
}

interface Batch {
  readonly second: number;
  /** Value, times, value, times, … */
  readonly runs: Uint32Array;
}

export function createSlidingMinute(): SlidingMinute {
  const window = newHistogram();
  let batches: Batch[] = [];

  const forget = ({ runs }: Batch) => {
    for (let i = 0; i < runs.length; i += 2) add(window, runs[i] as number, -(runs[i + 1] as number));
  };

  return {
    advance(second, tick) {
      const old = batches.filter((batch) => batch.second <= second - windowSeconds);
      if (old.length > 0) {
        for (const batch of old) forget(batch);
        batches = batches.filter((batch) => batch.second > second - windowSeconds);
      }
      if (tick.count === 0) return;
      const runs: number[] = [];
      forEachRun(tick, (ms, times) => {
        runs.push(ms, times);
        add(window, ms, times);
      });
      batches.push({ second, runs: Uint32Array.from(runs) });
    },
    quantiles: () => quantiles(window),
    count: () => window.count,
  };
}
