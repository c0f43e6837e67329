import { expect, test } from 'vitest';
import { duration, hexadecimal, permissions, plural, twoDigits } from '../../collector/base/text.ts';

test.each([
  [0, '0 s'],
  [-5, '0 s'],
  [119_400, '119 s'],
  [120_000, '2 min'],
  [7_199_000, '120 min'],
  [7_200_000, '2 h'],
])('%i ms: %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test('counts, clock digits, permission bits and hexadecimal digits', () => {
  expect([plural(1, 'peer'), plural(0, 'peer'), plural(2, 'process', 'processes')]).toEqual([
    '1 peer',
    '0 peers',
    '2 processes',
  ]);
  expect([twoDigits(7), twoDigits(59)]).toEqual(['07', '59']);
  expect([permissions(0o640), permissions(0o4755), permissions(0)]).toEqual(['0640', '4755', '0000']);
  expect([hexadecimal(10), hexadecimal(80, 4), hexadecimal(255)]).toEqual(['0A', '0050', 'FF']);
});
