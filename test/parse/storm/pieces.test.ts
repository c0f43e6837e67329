/** A piece is known again where exactly its bytes stand, and nowhere else. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPieces } from '../../../collector/parse/storm/pieces.ts';

const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
const text = ', server: www.example.org, request: "';

test('a piece with one byte other is another, at each of its bytes and bits', () => {
  for (let length = 8; length <= text.length; length++) {
    const pieces = createPieces<string>();
    const bytes = Buffer.from(text.slice(0, length));
    const made = pieces.add(viewOf(bytes), 0, length, 'it');
    expect(pieces.at(bytes, viewOf(bytes), 0)).toBe(made);
    for (let at = 0; at < length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const other = Buffer.from(bytes);
        other[at] = (other[at] as number) ^ (1 << bit);
        expect(pieces.at(other, viewOf(other), 0)).toBe(null);
      }
    }
  }
});

test('where the memory ends inside it, it does not stand', () => {
  const pieces = createPieces<string>();
  const bytes = Buffer.from(`xyz${text}`);
  pieces.add(viewOf(bytes), 3, bytes.length, 'it');
  for (let end = 0; end < bytes.length; end++) {
    const part = Buffer.from(bytes.subarray(0, end));
    for (let p = 0; p <= end; p++) expect(pieces.at(part, viewOf(part), p)).toBe(null);
  }
});

test('the same bytes elsewhere are found, whatever stands around them; of many the last eight are kept', () => {
  const ascii = fc.string({ unit: 'grapheme-ascii', minLength: 8, maxLength: 60 });
  fc.assert(
    fc.property(fc.array(ascii, { minLength: 1, maxLength: 20 }), fc.uint8Array(), fc.uint8Array(), (all, a, b) => {
      const pieces = createPieces<number>();
      const distinct = [...new Set(all)];
      distinct.forEach((each, i) => {
        const bytes = Buffer.from(each);
        pieces.add(viewOf(bytes), 0, bytes.length, i);
      });
      for (const [i, each] of distinct.entries()) {
        const bytes = Buffer.concat([a, Buffer.from(each), b]);
        const found = pieces.at(bytes, viewOf(bytes), a.length);
        if (found !== null) expect(distinct[found.value]?.startsWith(each.slice(0, found.length))).toBe(true);
        else expect(i).toBeLessThan(distinct.length - 8);
      }
    }),
  );
});
