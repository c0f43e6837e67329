import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Histogram,
  merge,
  newHistogram,
  quantiles,
  record,
  reset,
} from '../../collector/aggregate/access/histogram.ts';
import { createSlidingMinute } from '../../collector/aggregate/access/sliding.ts';

/** What nginx logs: mostly 0 to 2 ms, some hundreds, timeouts, and now and then nonsense. */
const sample = fc.oneof(
  { weight: 5, arbitrary: fc.nat(3) },
  { weight: 3, arbitrary: fc.nat(1500) },
  { weight: 1, arbitrary: fc.nat(100_000) },
  { weight: 1, arbitrary: fc.constantFrom(1023, 1024, 1025, 60_000, 0x7fffffff) },
);
const samples = fc.array(sample, { maxLength: 400 });

function filled(values: readonly number[]): Histogram {
  const histogram = newHistogram();
  for (const ms of values) record(histogram, ms);
  return histogram;
}

/** Nearest rank by the definition: sort and look. */
function reference(values: readonly number[]) {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (percent: number) => sorted.find((_, i) => (i + 1) * 100 >= percent * values.length);
  return { p50: at(50), p90: at(90), p95: at(95), p99: at(99), max: sorted.at(-1), count: values.length };
}

test('percentiles are those of the sorted samples', () => {
  fc.assert(
    fc.property(samples, (values) => {
      const histogram = filled(values);
      expect(quantiles(histogram)).toEqual(reference(values));
      expect(histogram.sum).toBe(values.reduce((sum, ms) => sum + ms, 0));
    }),
    { numRuns: 500 },
  );
});

test('… of one sample, of equal ones, of many', () => {
  fc.assert(
    fc.property(sample, fc.integer({ min: 1, max: 5000 }), (ms, times) => {
      expect(quantiles(filled(Array.from({ length: times }, () => ms)))).toEqual({
        p50: ms,
        p90: ms,
        p95: ms,
        p99: ms,
        max: ms,
        count: times,
      });
    }),
    { numRuns: 50 },
  );
});

test('no sample, no percentile', () => {
  expect(quantiles(newHistogram())).toBeNull();
});

test('merging is associative and commutative, and changes nothing but its target', () => {
  fc.assert(
    fc.property(samples, samples, samples, (a, b, c) => {
      const left = filled(a);
      merge(left, filled(b));
      merge(left, filled(c));
      const inner = filled(b);
      const last = filled(c);
      merge(inner, last);
      const right = filled(a);
      merge(right, inner);
      const reversed = filled(c);
      for (const values of [b, a]) merge(reversed, filled(values));
      expect(quantiles(left)).toEqual(reference([...a, ...b, ...c]));
      expect(right).toEqual(left);
      expect(quantiles(reversed)).toEqual(quantiles(left));
      expect(last).toEqual(filled(c));
    }),
  );
});

test('a histogram that was reset is a new one', () => {
  fc.assert(
    fc.property(samples, samples, (a, b) => {
      const histogram = filled(a);
      reset(histogram);
      expect(histogram).toEqual(newHistogram());
      for (const ms of b) record(histogram, ms);
      expect(histogram).toEqual(filled(b));
    }),
  );
});

test('the sliding minute holds the samples of the last 60 seconds, whatever the ticks', () => {
  const tick = fc.record({ seconds: fc.integer({ min: 1, max: 25 }), values: fc.array(sample, { maxLength: 30 }) });
  fc.assert(
    fc.property(fc.array(tick, { maxLength: 80 }), (ticks) => {
      const sliding = createSlidingMinute();
      const all: { second: number; ms: number }[] = [];
      let second = 1000;
      for (const { seconds, values } of ticks) {
        second += seconds;
        all.push(...values.map((ms) => ({ second, ms })));
        sliding.advance(second, filled(values));
        const recent = all.filter((seen) => seen.second > second - 60).map(({ ms }) => ms);
        expect(sliding.quantiles()).toEqual(reference(recent));
        expect(sliding.count()).toBe(recent.length);
      }
    }),
    { numRuns: 200 },
  );
});
