/** The measured table in docs/alerts.md, between its two marks. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { QuietRow, Row } from './scenarios.ts';

const end = '<!-- /measured -->';

function alertTable(rows: readonly Row[], quiet: readonly QuietRow[]): string {
  const seconds = (value: number | null): string => (value === null ? 'not waited for' : value.toFixed(0));
  const sorted = [...rows].sort((a, b) => a.alert.localeCompare(b.alert));
  return [
    '| alert | status | scenario | raised after, s | limit, s | cleared after, s |',
    '| --- | --- | --- | --- | --- | --- |',
    ...sorted.map(
      ({ alert, status, cause, raised: after, within, cleared }) =>
        `| ${alert} | ${status} | ${cause} | ${seconds(after)} | ${within} | ${seconds(cleared)} |`,
    ),
    ...(quiet.length === 0 ? [] : quietTable(quiet)),
  ].join('\n');
}

const quietTable = (quiet: readonly QuietRow[]): readonly string[] => {
  const raised = ({ raised: what }: QuietRow): string => (what.length === 0 ? 'nothing' : what.join(', '));
  return [
    '',
    '| quiet scenario | raised |',
    '| --- | --- |',
    ...quiet.map((row) => `| ${row.cause} | ${raised(row)} |`),
  ];
};

/** @param test whose table it is: `<!-- measured: ALERTS_TABLE=1 npm run test:full -- TEST -->` stands before it */
export function writeTable(file: string, test: string, rows: readonly Row[], quiet: readonly QuietRow[]): void {
  const begin = `<!-- measured: ALERTS_TABLE=1 npm run test:full -- ${test} -->`;
  const text = readFileSync(file, 'utf8');
  const at = text.indexOf(begin);
  const until = text.indexOf(end, at);
  if (at < 0 || until < 0) throw new Error(`${file} has no marks for the table`);
  writeFileSync(file, `${text.slice(0, at)}${begin}\n\n${alertTable(rows, quiet)}\n\n${text.slice(until)}`);
}
