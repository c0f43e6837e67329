import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printable } from '../../collector/base/printable.ts';
import { painter, terminalOf, wrapped } from '../../collector/commands/terminal.ts';

const hostile: Readonly<Record<string, readonly [string, string]>> = {
  'a colour': ['a\u001b[31mb', 'a\uFFFD[31mb'],
  'the title of the window': ['\u001b]0;owned\u0007', '\uFFFD]0;owned\uFFFD'],
  'C1 control sequence introducer': ['\u009b2J', '\uFFFD2J'],
  'its own line': ['peer\nHealthy: nothing fails', 'peer\uFFFDHealthy: nothing fails'],
  'back to the beginning of the line': ['abc\rxyz', 'abc\uFFFDxyz'],
  'text that runs backwards': ['a\u202eb', 'a\uFFFDb'],
  'other languages stay': ['größe 大小 ü', 'größe 大小 ü'],
};

test.each(Object.entries(hostile))('made harmless: %s', (_, [text, expected]) => {
  expect(printable(text)).toBe(expected);
});

test('whatever is painted, a terminal sees our own sequences only', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const painted = painter(true)('red', text);
      expect(painted.startsWith('\u001b[31m') && painted.endsWith('\u001b[0m')).toBe(true);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the very characters that must not be there
      expect(painted.slice(5, -4)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    }),
  );
});

describe('wrapped', () => {
  test('long words stay in one piece: commands are to be copied', () => {
    expect(wrapped('one two /a/very/long/path three', '  - ', 12)).toEqual([
      '  - one two',
      '    /a/very/long/path',
      '    three',
    ]);
  });
  test('without a terminal nothing is wrapped', () => {
    expect(wrapped('a '.repeat(200).trim(), '', null)).toHaveLength(1);
  });
});

test('a pipe is no terminal: no colour, no width', () => {
  const { paint, width } = terminalOf(new PassThrough(), {});
  expect([paint('red', 'x'), width]).toEqual(['x', null]);
});
