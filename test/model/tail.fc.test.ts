import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Action, play } from './tail-world.ts';

const writing: fc.Arbitrary<Action>[] = [
  fc.record({ do: fc.constant('write' as const), lines: fc.integer({ min: 1, max: 12 }) }),
  fc.constant<Action>({ do: 'begin' }),
  fc.constant<Action>({ do: 'finish' }),
];
const rotating: fc.Arbitrary<Action>[] = [
  fc.constant<Action>({ do: 'rename' }),
  fc.constant<Action>({ do: 'create' }),
  fc.constant<Action>({ do: 'reopen' }),
];
const watching: fc.Arbitrary<Action>[] = [
  fc.constant<Action>({ do: 'restart' }),
  fc.record({ do: fc.constant('tick' as const), times: fc.constantFrom(1, 1, 1, 2, 15) }),
];
const destroying: fc.Arbitrary<Action>[] = [
  fc.constant<Action>({ do: 'copytruncate' }),
  fc.constant<Action>({ do: 'delete' }),
];

const gentle = fc.array(fc.oneof(...writing, ...rotating, ...watching), { maxLength: 40 });
const rough = fc.array(fc.oneof(...writing, ...rotating, ...watching, ...destroying), { maxLength: 40 });

test('without truncation each line is read exactly once and in order', () => {
  fc.assert(
    fc.property(gentle, (actions) => {
      const { written, read, openDescriptors } = play(actions);
      expect(read).toEqual(written);
      expect(openDescriptors).toBe(0);
    }),
    { numRuns: 2000 },
  );
}, 120_000);

/** Histories that fast-check has found and shrunk, each with what was wrong then. */
const found: Record<string, readonly Action[]> = {
  'rotated twice within a tick, and nothing at the path: nginx writes to the file between': [
    { do: 'rename' },
    { do: 'reopen' },
    { do: 'rename' },
    { do: 'write', lines: 1 },
  ],
  'the file between was empty when it was first seen': [
    { do: 'rename' },
    { do: 'reopen' },
    { do: 'rename' },
    { do: 'tick', times: 15 },
    { do: 'write', lines: 1 },
  ],
  'the file between was created before the last bytes of the one before it, and was empty when it was first seen': [
    { do: 'rename' },
    { do: 'create' },
    { do: 'begin' },
    { do: 'reopen' },
    { do: 'rename' },
    { do: 'create' },
    { do: 'tick', times: 1 },
    { do: 'write', lines: 1 },
  ],
  'killed between two rotations, and again when the file of the checkpoint is read to its end': [
    { do: 'write', lines: 1 },
    { do: 'rename' },
    { do: 'reopen' },
    { do: 'restart' },
    { do: 'rename' },
    { do: 'begin' },
    { do: 'tick', times: 15 },
    { do: 'restart' },
  ],
  'the same, and nginx has reopened before the second kill': [
    { do: 'write', lines: 2 },
    { do: 'rename' },
    { do: 'reopen' },
    { do: 'restart' },
    { do: 'rename' },
    { do: 'write', lines: 1 },
    { do: 'tick', times: 15 },
    { do: 'reopen' },
    { do: 'restart' },
    { do: 'tick', times: 1 },
    { do: 'restart' },
  ],
};

test.each(Object.entries(found))('%s', (_, actions) => {
  const { written, read } = play(actions);
  expect(read).toEqual(written);
});

test('a copy that copytruncate made is not another generation', () => {
  expect(play([{ do: 'copytruncate' }, { do: 'delete' }, { do: 'create' }, { do: 'restart' }]).read).toEqual([]);
});

test('what copytruncate copied before it was read is read from the copy', () => {
  const { written, read } = play([
    { do: 'write', lines: 3 },
    { do: 'tick', times: 1 },
    { do: 'write', lines: 2 },
    { do: 'copytruncate' },
    { do: 'write', lines: 2 },
  ]);
  expect(read).toEqual(written);
});

/** However rough it was: nginx reopens, and from then on every line counts again. */
const settled: readonly Action[] = [{ do: 'reopen' }, { do: 'tick', times: 1 }, { do: 'write', lines: 3 }];

test('with truncation and deletion nothing is read that was not written, nothing twice, no line torn', () => {
  fc.assert(
    fc.property(rough, (actions) => {
      const { written, read, openDescriptors } = play([...actions, ...settled]);
      expect(read.slice(-3)).toEqual(written.slice(-3));
      const known = new Set(written);
      expect(read.filter((line) => !known.has(line))).toEqual([]);
      expect(new Set(read).size).toBe(read.length);
      expect(openDescriptors).toBe(0);
    }),
    { numRuns: 2000 },
  );
}, 120_000);
