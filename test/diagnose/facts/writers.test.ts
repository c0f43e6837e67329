import { expect, test } from 'vitest';
import { isByStranger } from '../../../collector/diagnose/facts/writers.ts';

const writers = { pids: new Set([10, 11]), sinceMs: 1_000_000 };

test.each([
  ['a worker', 11, 9_000_000, false],
  ['nobody that is known', 12, 9_000_000, true],
  ['nobody that is known, while old workers may finish', 12, 1_060_000, false],
  ['nobody that is known, before the workers of now', 12, 500_000, false],
  ['a line without a pid', null, 9_000_000, false],
])('%s', (_, pid, ms, expected) => {
  expect(isByStranger(pid, ms, writers)).toBe(expected);
});
