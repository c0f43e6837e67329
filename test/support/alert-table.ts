/** The measured table in docs/alerts.md, between its two marks. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { QuietRow, Row } from './alert-scenarios.ts';

const begin = '<!-- measured: ALERTS_TABLE=1 npm run test:full -- test/full/alerts.test.ts -->';
const end = '<!-- /measured -->';

export function alertTable(rows: readonly Row[], quiet: readonly QuietRow[]): string {
  const seconds = (value: number | null): string => (value === null ? 'goes on' : value.toFixed(0));
  const sorted = [...rows].sort((a, b) => a.alert.localeCompare(b.alert));
  const raised = ({ raised: what }: QuietRow): string => (what.length === 0 ? 'nothing' : what.join(', '));
  return [
    '| alert | status | scenario | raised after, s | of at most, s | cleared after, s |',
    '| --- | --- | --- | --- | --- | --- |',
    ...sorted.map(
      ({ alert, status, cause, raised: after, within, cleared }) =>
        `| ${alert} | ${status} | ${cause} | ${seconds(after)} | ${within} | ${seconds(cleared)} |`,
    ),
    '',
    '| quiet scenario | raised |',
    '| --- | --- |',
    ...quiet.map((row) => `| ${row.cause} | ${raised(row)} |`),
  ].join('\n');
}

export function writeTable(file: string, rows: readonly Row[], quiet: readonly QuietRow[]): void {
  const text = readFileSync(file, 'utf8');
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`${file} has no marks for the table`);
  writeFileSync(file, `${before}${begin}\n\n${alertTable(rows, quiet)}\n\n${end}${after}`);
}
