/** Tables of `report` on a narrow terminal: several of them, each with the column that names the row. */
import { expect, test } from 'vitest';
import { table } from '../../../collector/commands/report/output/table.ts';

const rows = [
  ['peer', 'upstream', 'failures', 'connect p50', 'p95', 'max', 'response p50', 'p95', 'max'],
  ['127.0.0.1:8081', 'shop', 'refused 14', '0', '1', '1', '15', '151', '151'],
  ['[2001:db8::17]:8090', 'api', 'none', '–', '–', '–', '–', '–', '–'],
];
const at = (width: number | null) => table(rows, 3, { paint: (_, text) => text, width });

test('wide enough, or no terminal: one table', () => {
  expect(at(null)).toHaveLength(3);
  expect(at(99)).toEqual(at(null));
});

test.each([80, 60, 48])('%i columns: no line is longer, and every cell is there', (width) => {
  const lines = at(width);
  for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(width);
  for (const cell of rows.flat()) expect(lines.join('\n')).toContain(cell);
  const heads = lines.filter((_, line) => line === 0 || lines[line - 1] === '');
  expect(heads.length).toBeGreaterThan(1);
  for (const head of heads) {
    expect(head).toMatch(/^ {2}peer /);
    // p95 and max stand behind the p50 that says of what.
    expect(head).toMatch(/p50 +p95 +max|^(?!.*p95)/);
  }
});

test('a column that is too wide for any terminal stands alone beside the first', () => {
  const lines = table(
    [
      ['peer', 'kinds'],
      ['a:1', 'x'.repeat(100)],
    ],
    9,
    { paint: (_, text) => text, width: 40 },
  );
  expect(lines).toEqual(['  peer  kinds', `  a:1   ${'x'.repeat(100)}`]);
});
