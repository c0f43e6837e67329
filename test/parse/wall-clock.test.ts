/** Times of both logs as seconds, against the platform's own calendar. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createWallSecondAtReader, isoOfWall, wallSecondAt, wallSecondOf } from '../../collector/parse/wall-clock.ts';

const second = fc.integer({ min: 0, max: 200_000_000_000 });
const iso = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 19);

test('every second, there and back', () => {
  fc.assert(
    fc.property(second, (seconds) => {
      expect(isoOfWall(seconds)).toBe(iso(seconds));
      expect(wallSecondOf(iso(seconds))).toBe(seconds);
    }),
  );
});

test('as the access log writes it, zones left out of account', () => {
  fc.assert(
    fc.property(second, (seconds) => {
      const [day, clock = ''] = iso(seconds).split('T');
      const [year, month = '', date] = (day ?? '').split('-');
      const names = 'JanFebMarAprMayJunJulAugSepOctNovDec';
      const local = `${date}/${names.slice(3 * Number(month) - 3, 3 * Number(month))}/${year}:${clock} +0530`;
      expect(wallSecondAt(Buffer.from(`xx${local}`), 2)).toBe(seconds);
      expect(wallSecondAt(Buffer.from(`${iso(seconds)}+05:30`), 0)).toBe(seconds);
    }),
  );
});

test.each([
  '22/Foo/2026:07:30:45 +0000',
  '99/Nov/2026:07:30:45 +0000',
  '22/Nov/2026:25:30:45 +0000',
  '2026-13-22T07:30:45+00:00',
  'xxxx',
  '',
])('no time: %s', (text) => expect(wallSecondAt(Buffer.from(text), 0)).toBe(-1));

test('whatever stood in the lines before, a line has its own time', () => {
  const days = fc.constantFrom(
    '22/Nov/2026',
    '23/Nov/2026',
    '22/Oct/2026',
    '2026-11-22',
    '1969-12-31',
    '22/Foo/2026',
    '',
  );
  const clocks = fc.constantFrom('00:00:00', '07:30:45', '23:59:60', '24:00:00', '07:3x:45', '07:30');
  const lines = fc.array(fc.tuple(days, clocks, fc.nat(3)), { maxLength: 20 });
  fc.assert(
    fc.property(lines, (all) => {
      const at = createWallSecondAtReader();
      for (const [day, clock, offset] of all) {
        const bytes = Buffer.from(`${'x'.repeat(offset)}${day}${day.includes('-') ? 'T' : ':'}${clock} +0000`);
        expect(at(bytes, offset)).toBe(wallSecondAt(bytes, offset));
      }
    }),
  );
});

test.each(['2026-11-22', '2026-99-22T07:30:45', ''])('no time of an error line: %s', (text) =>
  expect(wallSecondOf(text)).toBe(-1),
);
