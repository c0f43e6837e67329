import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lineSplitter } from '../../collector/decode/lines.ts';

const maxLength = 12;

/** The naive reference: the entire text at once. */
function reference(text: string): { lines: string[]; overlong: number } {
  const lines = text.split('\n');
  const rest = lines.pop() ?? '';
  const bare = lines.map((line) => line.replace(/\r$/, ''));
  const long = bare.filter((line) => line.length > maxLength).length;
  return {
    lines: bare.filter((line) => line.length <= maxLength),
    overlong: long + (rest.length > maxLength + 1 ? 1 : 0),
  };
}

const piece = fc.constantFrom('a', 'bc', '\n', '\n', '\r\n', '\r', '€', '\0', 'long and longer still', 'twelve chars');

test('whatever the bytes and wherever the chunks end, the lines are those of the entire text', () => {
  fc.assert(
    fc.property(fc.array(piece), fc.array(fc.nat({ max: 9 })), (pieces, cuts) => {
      const text = pieces.join('');
      const bytes = Buffer.from(text);
      const lines: string[] = [];
      let overlong = 0;
      const sink = lineSplitter({
        maxLength,
        onLine: (line) => lines.push(line),
        onOverlong: () => {
          overlong += 1;
        },
      });
      let at = 0;
      for (const size of cuts) {
        sink.chunk(bytes.subarray(at, at + size));
        at += size;
      }
      sink.chunk(bytes.subarray(at));
      expect({ lines, overlong }).toEqual(reference(text));
    }),
    { numRuns: 1000 },
  );
});
