import { expect, test } from 'vitest';
import { isByStranger } from '../../../collector/diagnose/facts/writers.ts';
import { createKnownWriters } from '../../../collector/runtime/logs/known-writers.ts';

const minute = 60_000;
const before = [{ pid: 10, sleeps: 5 as number | null, logPids: [10, 11, 12] }];

/** What is there at the second look, and later whether a line of pid 99 is a stranger's. */
test.each([
  ['nothing has changed', before, true],
  ['a worker was replaced', [{ pid: 10, sleeps: 6, logPids: [10, 11, 13] }], false],
  ['a worker came', [{ pid: 10, sleeps: 6, logPids: [10, 11, 12, 13] }], false],
  ['the master was woken, and the same are there: one may have come and gone', [{ ...before[0], sleeps: 6 }], false],
  ['another master beside it', [...before, { pid: 20, sleeps: 1, logPids: [20, 21] }], false],
  ['nginx has ended', [], false],
  ['it is not known whether the master was woken', [{ ...before[0], sleeps: null }], false],
] as const)('%s', (_, masters, isStrange) => {
  const writers = createKnownWriters();
  const at = (ms: number) => {
    const now = writers.now();
    return now !== null && isByStranger(99, ms, now);
  };
  expect(at(1000)).toBe(false);
  writers.seen(before, 0);
  expect([at(0), at(2 * minute), at(2 * minute + 1)]).toEqual([false, false, true]);
  const seen = masters.map((master) => ({ pid: 10, logPids: [10, 11, 12], ...master }));
  writers.seen(seen, 3 * minute);
  expect(at(3 * minute)).toBe(isStrange);
  for (let ms = 4 * minute; ms <= 6 * minute; ms += 1000) writers.seen(seen, ms);
  expect(at(6 * minute)).toBe(masters.length > 0 && seen.every(({ sleeps }) => sleeps !== null));
});

test('those that have ended are known for ten minutes, those that live for ever', () => {
  const writers = createKnownWriters();
  writers.seen(before, 0);
  writers.seen([{ pid: 10, sleeps: 7, logPids: [10, 13] }], minute);
  writers.seen([{ pid: 10, sleeps: 9, logPids: [10, 14] }], 9 * minute);
  expect([11, 13, 14, 10].map((pid) => writers.now()?.pids.has(pid))).toEqual([true, true, true, true]);
  writers.seen([{ pid: 10, sleeps: 11, logPids: [10, 15] }], 30 * minute);
  expect([11, 13, 14, 10, 15].map((pid) => writers.now()?.pids.has(pid))).toEqual([false, false, false, true, true]);
});
