import { expect, test } from 'vitest';
import { createInstances } from '../../collector/aggregate/instances.ts';

const second = 1_000_000;

function create(cap = 2) {
  const instances = createInstances(cap, () => ({}));
  const names = () => Array.from(instances.all(), ({ upstream, peer, origin }) => `${upstream} ${peer} ${origin}`);
  return { ...instances, names };
}
const a = { upstream: 'app', peer: 'a' };
const b = { upstream: 'app', peer: 'b' };

test('what leaves the configuration is gone, counts on for a minute when old workers name it, and no longer', () => {
  const { configure, expire, at, names } = create();
  configure([a, b], 0);
  const before = at('app', 'a', second);
  configure([b], 100 * second);
  expect(names()).toEqual(['app b configured']);
  expect(at('app', 'a', 159 * second)).toBe(before);
  expire(159 * second);
  expect(names()).toContain('app a log');
  expire(160 * second);
  expect(names()).toEqual(['app b configured']);
});

test('what comes back within the minute stays', () => {
  const { configure, expire, names } = create();
  configure([a], 0);
  configure([], second);
  configure([a], 2 * second);
  expire(3_700 * second);
  expect(names()).toEqual(['app a configured']);
});

test('what a log brought becomes configured, and has its place beyond the cap', () => {
  const { configure, at, names, overCap } = create(1);
  at('app', 'a', 0);
  configure([a, b], 0);
  at('app', 'c', 0);
  expect(names()).toEqual(['app a configured', 'app b configured', 'other other other']);
  expect(overCap()).toBe(1);
});

test('what only a log brought goes after an hour of silence', () => {
  const { at, expire, names } = create();
  at('app', 'a', 0);
  expire(3_599 * second);
  expect(names()).toHaveLength(1);
  expire(3_600 * second);
  expect(names()).toEqual([]);
});
