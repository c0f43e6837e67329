import type { Percentiles } from '../../model.ts';

/**
 * How often each millisecond was measured: exact, because nginx writes full milliseconds. The first 1,024 have
 * a slot each, the few beyond are kept by value. Plain data and functions: `record` is called for every attempt.
 */
export interface Histogram {
  readonly slots: Uint32Array;
  readonly overflow: Map<number, number>;
  count: number;
  sum: number;
  /** Slots outside [low, high] are zero; low > high when all are. */
  low: number;
  high: number;
}

const slotCount = 1024;

export function newHistogram(): Histogram {
  return { slots: new Uint32Array(slotCount), overflow: new Map(), count: 0, sum: 0, low: slotCount, high: -1 };
}

/** @param ms an integer, not negative */
export function record(histogram: Histogram, ms: number): void {
  add(histogram, ms, 1);
}

/** Counts `times` samples of one value; a negative number takes back what was counted before. */
export function add(histogram: Histogram, ms: number, times: number): void {
  const { slots, overflow } = histogram;
  histogram.count += times;
  histogram.sum += ms * times;
  if (ms < slotCount) {
    slots[ms] = (slots[ms] as number) + times;
    if (ms < histogram.low) histogram.low = ms;
    if (ms > histogram.high) histogram.high = ms;
    return;
  }
  const left = (overflow.get(ms) ?? 0) + times;
  if (left === 0) overflow.delete(ms);
  else overflow.set(ms, left);
}

/** Every value that was measured and how often, smallest first. */
export function forEachRun(
  { slots, overflow, low, high }: Histogram,
  visit: (ms: number, times: number) => void,
): void {
  for (let ms = low; ms <= high; ms++) {
    const times = slots[ms] as number;
    if (times !== 0) visit(ms, times);
  }
  if (overflow.size === 0) return;
  for (const [ms, times] of [...overflow].sort(([a], [b]) => a - b)) visit(ms, times);
}

/** Adds all samples of `from`: merging in any order gives the same. */
export function merge(into: Histogram, from: Histogram): void {
  forEachRun(from, (ms, times) => add(into, ms, times));
}

export function reset(histogram: Histogram): void {
  if (histogram.high >= histogram.low) histogram.slots.fill(0, histogram.low, histogram.high + 1);
  // Clearing an empty map makes a new table.
  if (histogram.overflow.size > 0) histogram.overflow.clear();
  histogram.count = 0;
  histogram.sum = 0;
  histogram.low = slotCount;
  histogram.high = -1;
}

/**
 * Percentiles by nearest rank: the smallest value that at least so many percent of the samples do not exceed. No
 * sample, no percentile: null.
 */
export function quantiles(histogram: Histogram): Percentiles | null {
  const { count } = histogram;
  if (count === 0) return null;
  of = count;
  seen = 0;
  max = 0;
  found = 0;
  forEachRun(histogram, see);
  const [p50, p90, p95, p99] = values;
  return { p50, p90, p95, p99, max, count };
}

const percents = [50, 90, 95, 99];
/** Filled at every call: with a sample, each percentile has a value. What `see` counts stands here, too: no closure per call. */
const values: [number, number, number, number] = [0, 0, 0, 0];
let of = 0;
let seen = 0;
let max = 0;
let found = 0;

function see(ms: number, times: number): void {
  seen += times;
  max = ms;
  // of * percent is an integer below 2^53, so the division is exact where the rank is.
  while (found < 4 && seen >= Math.ceil((of * (percents[found] as number)) / 100)) values[found++] = ms;
}
