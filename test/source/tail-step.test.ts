import { describe, expect, test } from 'vitest';
import {
  type AtPath,
  type Draining,
  deletedQuietMs,
  type Held,
  isDrained,
  nextTailStep,
  settledQuietMs,
  type TailStep,
  unsettledQuietMs,
} from '../../collector/source/tail/step.ts';

const held: Held = { dev: 1n, ino: 7n, intact: true, links: 1, quietMs: 0 };
const same: AtPath = { is: 'file', dev: 1n, ino: 7n };

describe('the next step', () => {
  const cases: Record<string, [held: Held | null, atPath: AtPath, step: TailStep]> = {
    'nothing held, nothing there': [null, { is: 'absent' }, 'wait'],
    'nothing held, a FIFO there': [null, { is: 'unusable' }, 'wait'],
    'nothing held, a file there': [null, same, 'open'],
    'the held file is there': [held, same, 'stay'],
    'it was truncated': [{ ...held, intact: false }, same, 'restart'],
    'another inode': [held, { ...same, ino: 8n }, 'rotate'],
    'the same inode number on another device': [held, { ...same, dev: 2n }, 'rotate'],
    'an inode number beyond 2^53, one apart': [{ ...held, ino: 2n ** 60n }, { ...same, ino: 2n ** 60n + 1n }, 'rotate'],
    'truncated, then rotated': [{ ...held, intact: false }, { ...same, ino: 8n }, 'rotate'],
    'renamed, no new file yet': [held, { is: 'absent' }, 'hold'],
    'deleted, nginx may still write': [{ ...held, links: 0 }, { is: 'absent' }, 'hold'],
    'renamed and truncated where it is now': [{ ...held, intact: false }, { is: 'absent' }, 'restart'],
    'a directory in its place': [held, { is: 'unusable' }, 'hold'],
    'deleted and quiet for an hour': [{ ...held, links: 0, quietMs: deletedQuietMs }, { is: 'absent' }, 'release'],
    'renamed and quiet for an hour: its name pins it anyway': [
      { ...held, quietMs: deletedQuietMs },
      { is: 'absent' },
      'hold',
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [before, atPath, step]) => {
    expect(nextTailStep(before, atPath)).toBe(step);
  });
});

describe('letting a rotated file go', () => {
  const quiet: Draining = { emptyReads: 2, quietMs: settledQuietMs, successorGrew: true, intact: true };
  const cases: Record<string, [draining: Draining, isDrained: boolean]> = {
    'two empty reads, quiet, its successor has lines': [quiet, true],
    'one empty read': [{ ...quiet, emptyReads: 1 }, false],
    'not quiet for long enough': [{ ...quiet, quietMs: settledQuietMs - 1 }, false],
    'its successor is empty: nginx may not have reopened': [{ ...quiet, successorGrew: false }, false],
    'its successor is empty for an hour': [{ ...quiet, successorGrew: false, quietMs: unsettledQuietMs }, true],
    'truncated where it is': [{ ...quiet, emptyReads: 0, quietMs: 0, intact: false }, true],
  };
  test.each(Object.entries(cases))('%s', (_, [draining, expected]) => {
    expect(isDrained(draining)).toBe(expected);
  });
});
