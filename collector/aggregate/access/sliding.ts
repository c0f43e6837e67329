import type { Percentiles } from '../../model.ts';
import { add, forEachRun, type Histogram, newHistogram, quantiles } from './histogram.ts';

const windowSeconds = 60;

/** Samples of the last minute: one histogram, and what each tick put into it, to be taken off again when it is over. */
export interface SlidingMinute {
  /** Takes over the samples of the tick that ended at `second` (monotonic) and forgets those a minute older. */
  advance(second: number, tick: Histogram): void;
  quantiles(): Percentiles | null;
  count(): number;
  /** Nothing is left to be forgotten. */
  isEmpty(): boolean;
}

interface Batch {
  readonly second: number;
  /** Value, times, value, times, … */
  readonly runs: Uint32Array;
}

/** Where the runs of a tick are gathered before it is known how many they are. */
let runsNow = new Uint32Array(1024);

function longer(runs: Uint32Array): Uint32Array<ArrayBuffer> {
  const doubled = new Uint32Array(2 * runs.length);
  doubled.set(runs);
  return doubled;
}

export function createSlidingMinute(): SlidingMinute {
  const window = newHistogram();
  /** Oldest first. */
  const batches: Batch[] = [];

  const forget = ({ runs }: Batch) => {
    for (let i = 0; i < runs.length; i += 2) add(window, runs[i] as number, -(runs[i + 1] as number));
  };

  return {
    advance(second, tick) {
      for (let first = batches[0]; first !== undefined && first.second <= second - windowSeconds; first = batches[0]) {
        forget(first);
        batches.shift();
      }
      if (tick.count === 0) return;
      let end = 0;
      forEachRun(tick, (ms, times) => {
        if (end + 2 > runsNow.length) runsNow = longer(runsNow);
        runsNow[end++] = ms;
        runsNow[end++] = times;
        add(window, ms, times);
      });
      batches.push({ second, runs: runsNow.slice(0, end) });
    },
    quantiles: () => quantiles(window),
    count: () => window.count,
    isEmpty: () => batches.length === 0,
  };
}
