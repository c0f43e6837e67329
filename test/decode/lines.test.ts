import { describe, expect, it, test } from 'vitest';
import { lineSplitter } from '../../collector/decode/lines.ts';

function collect(maxLength = 100, atCut: 'drop' | 'deliver' = 'drop') {
  const lines: string[] = [];
  let overlong = 0;
  const sink = lineSplitter({
    maxLength,
    atCut,
    onLine: (line) => lines.push(line),
    onOverlong: () => {
      overlong += 1;
    },
  });
  return {
    lines,
    overlong: () => overlong,
    put: (...chunks: (string | Buffer)[]) => {
      for (const chunk of chunks) sink.chunk(Buffer.from(chunk as string));
    },
    cut: sink.cut,
  };
}

test('where it is to stay, a CR before the LF is delivered', () => {
  const lines: string[] = [];
  const sink = lineSplitter({
    maxLength: 2,
    keepsReturn: true,
    onLine: (line) => lines.push(line),
    onOverlong: () => lines.push('overlong'),
  });
  for (const chunk of ['a\r\nb\n\r', '\nab\r\n', 'abc\r\n']) sink.chunk(Buffer.from(chunk));
  expect(lines).toEqual(['a\r', 'b', '\r', 'ab\r', 'overlong']);
});

describe('lines', () => {
  const cases: Record<string, { chunks: (string | Buffer)[]; lines: string[]; overlong?: number }> = {
    'several lines in one chunk': { chunks: ['a\nb\nc\n'], lines: ['a', 'b', 'c'] },
    'T3 one byte at a time': { chunks: [...'ab\ncd\n'], lines: ['ab', 'cd'] },
    'T4 a line that ends later': { chunks: ['ab', 'cd\nef'], lines: ['abcd'] },
    'T6 CRLF': { chunks: ['a\r\nb\r\n'], lines: ['a', 'b'] },
    'T6 CRLF across chunks': { chunks: ['a\r', '\nb\r', '\n'], lines: ['a', 'b'] },
    'a CR inside a line stays': { chunks: ['a\rb\n'], lines: ['a\rb'] },
    'T8 empty lines': { chunks: ['\n\na\n\n'], lines: ['', '', 'a', ''] },
    'T10 NUL bytes': { chunks: ['a\0b\n'], lines: ['a\0b'] },
    'T10 invalid UTF-8': { chunks: [Buffer.from([0x61, 0xff, 0x62, 0x0a])], lines: ['a\ufffdb'] },
    'T10 a character split across chunks': {
      chunks: [Buffer.from([0xe2, 0x82]), Buffer.from([0xac, 0x0a])],
      lines: ['€'],
    },
    'an unfinished character at the end of a line': { chunks: [Buffer.from([0xe2, 0x82, 0x0a])], lines: ['\ufffd'] },
    'exactly the limit': { chunks: ['123456789\n', '12345', '6789\n'], lines: ['123456789', '123456789'] },
    'exactly the limit with CRLF in pieces': { chunks: ['123456789\r', '\n'], lines: ['123456789'] },
    'T9 too long inside one chunk': { chunks: ['1234567890\nok\n'], lines: ['ok'], overlong: 1 },
    'T9 too long over many chunks': { chunks: [...'1234567890123456789012345', '\nok\n'], lines: ['ok'], overlong: 1 },
    'T9 one too long ends where the next begins': {
      chunks: ['12345678901', '\n12345678901', '2\nok\n'],
      lines: ['ok'],
      overlong: 2,
    },
    'T9 too long, not finished': { chunks: ['123456789012', '345'], lines: [], overlong: 1 },
    'nothing at all': { chunks: [''], lines: [] },
  };
  test.each(Object.entries(cases))('%s', (_, { chunks, lines, overlong = 0 }) => {
    const got = collect(9);
    got.put(...chunks);
    expect(got.lines).toEqual(lines);
    expect(got.overlong()).toBe(overlong);
  });

  it('T5 drops a torn line at the cut and never merges it with the next file', () => {
    const got = collect();
    got.put('torn');
    got.cut();
    got.put('complete\n');
    expect(got.lines).toEqual(['complete']);
  });

  it('T7 delivers the last line without a newline when the input is a finished file', () => {
    const got = collect(100, 'deliver');
    got.put('a\nlast');
    got.cut();
    got.cut();
    expect(got.lines).toEqual(['a', 'last']);
  });

  it('invents no line when the file ends with a newline, and none from an overlong rest', () => {
    const got = collect(5, 'deliver');
    got.put('a\n');
    got.cut();
    got.put('123456789');
    got.cut();
    got.put('ok\n');
    expect(got.lines).toEqual(['a', 'ok']);
    expect(got.overlong()).toBe(1);
  });
});
