import { expect, test } from 'vitest';
import { createSlidingAverage } from '../../../collector/aggregate/time/sliding-average.ts';

test('averages between two ages, gaps left out; nothing is known at first', () => {
  const average = createSlidingAverage(120);
  for (let second = 0; second < 100; second++) average.record(second, second < 50 ? 10 : second % 2 ? null : 20);
  expect(average.average(99, 0, 49)).toBe(20);
  expect(average.average(99, 50, 99)).toBe(10);
  expect(average.average(99, 0, 99)).toBeCloseTo((50 * 10 + 25 * 20) / 75);
  expect(average.average(99, 85, 119)).toBeNull();
  const young = createSlidingAverage(60);
  young.record(0, 95);
  expect(young.average(5, 0, 59)).toBeNull();
  young.record(19, 5);
  expect(young.average(20, 0, 59)).toBe(50);
});
