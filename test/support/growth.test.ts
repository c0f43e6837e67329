/** The judge of what grows: it lets go what is linear and finds what is not. */
import { expect, test } from 'vitest';
import { growsLinearly } from './growth.ts';

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at);

test('what reads each part once is linear', () => {
  growsLinearly((count) => {
    const list = numbers(count);
    return () => new Map(list.map((at) => [`${at}`, at])).size;
  }, 2_000);
});

test.each<[string, number, (list: readonly number[], text: string) => unknown]>([
  ['each part reads all', 500, (list) => list.filter((at) => list.includes(at)).length],
  ['each part is searched for in the rest of a text', 10_000, (list, text) => list.map((at) => text.indexOf('y', at))],
  ['a pattern that begins anew at each character', 500, (_, text) => /x+y/.test(text)],
])('%s: found, whatever else the machine does', (_, count, work) => {
  const prepare = (parts: number) => {
    const [list, text] = [numbers(parts), 'x'.repeat(parts)];
    return () => work(list, text);
  };
  expect(() => growsLinearly(prepare, count, 300)).toThrow(/8 times the input is \d+\.\d times the work/);
});
