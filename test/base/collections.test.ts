import { expect, test } from 'vitest';
import {
  addOnce,
  addTo,
  inTurn,
  keepNewest,
  madeAt,
  madeWithin,
  pairKey,
  sumOf,
  total,
} from '../../collector/base/collections.ts';

test.each([
  [[], 0, []],
  [[], 3, []],
  [['a', 'b', 'c'], 0, ['a', 'b', 'c']],
  [['a', 'b', 'c'], 2, ['c', 'a', 'b']],
  [['a', 'b', 'c'], 3, ['a', 'b', 'c']],
  [['a', 'b', 'c'], 7, ['b', 'c', 'a']],
])('%j in turn from %i: %j', (all, first, expected) => {
  expect(inTurn<string>(all, first)).toEqual(expected);
});

test('counts of a list, of a record and of a map add up; of nothing they are 0', () => {
  expect(sumOf([{ n: 2 }, { n: 3 }], ({ n }) => n)).toBe(5);
  expect(sumOf([], () => 1)).toBe(0);
  expect(total(Object.values({ refused: 1, reset: 4 }))).toBe(5);
  expect(total(new Map([['a', 7]]).values())).toBe(7);
  expect(total([])).toBe(0);
});

test('values are gathered under their key, in the order they came, once or as often as they come', () => {
  const groups = new Map<string, number[]>();
  addTo(groups, 'a', 1);
  addTo(groups, 'b', 2, 3);
  addTo(groups, 'a', 1);
  addOnce(groups, 'b', 3);
  addOnce(groups, 'c', 4);
  expect(Object.fromEntries(groups)).toEqual({ a: [1, 1], b: [2, 3], c: [4] });
});

test('what is made for a key is made once, also where it is null', () => {
  let made = 0;
  const entries = new Map<string, number | null>([['kept', null]]);
  const make = () => ++made;
  expect([madeAt(entries, 'new', make), madeAt(entries, 'new', make), madeAt(entries, 'kept', make)]).toEqual([
    1,
    1,
    null,
  ]);
});

test.each([
  [3, ['a', 'b', 'c']],
  [2, ['b', 'c']],
  [0, []],
  [9, ['a', 'b', 'c']],
])('of three the newest %i stay: %j', (most, left) => {
  const map = new Map(['a', 'b', 'c'].map((key) => [key, 1]));
  const set = new Set(map.keys());
  keepNewest(map, most);
  keepNewest(set, most);
  expect([[...map.keys()], [...set]]).toEqual([left, left]);
});

test('two pairs of names never have one key', () => {
  const pairs = [
    ['a', 'b c'],
    ['a b', 'c'],
    ['', 'abc'],
    ['abc', ''],
  ] as const;
  expect(new Set(pairs.map(([first, second]) => pairKey(first, second))).size).toBe(pairs.length);
});

test('beyond the bound nothing is made, and what is there is found', () => {
  const entries = new Map<string, number>();
  const at = (key: string) => madeWithin(entries, key, 2, () => entries.size);
  expect([at('a'), at('b'), at('c'), at('a'), entries.size]).toEqual([0, 1, null, 0, 2]);
});
