/** A client decodes a thousand line feeds into one record: each may cost no more than the first did. */
import { expect, test } from 'vitest';
import { errorLineReader } from '../../../../collector/parse/error/reader.ts';
import { fields, head, tellingSink } from './lines.ts';

const blanks = (count: number): readonly string[] => Array.from({ length: count }, () => '');
const missing = 'failed (2: No such file or directory)';

/** A static file's name of so many line feeds, with the request that made them, and what follows. */
function notFound(feeds: number): string {
  return `${head()}open() "/srv/x" ${missing}, client: 6.6.6.6, server: a, request: "GET /${'%0a'.repeat(feeds)} HTTP/1.1", host: "a"`;
}

/** Milliseconds of CPU: time in which others had the processor is not the reader's work. */
function workOf(lines: readonly string[]): number {
  let read = 0;
  const reader = errorLineReader(tellingSink(() => read++));
  const begun = process.cpuUsage();
  for (const line of lines) reader.read(line);
  reader.end();
  const { user, system } = process.cpuUsage(begun);
  expect(read).toBe(lines.length);
  return (user + system) / 1000;
}

test.each<[string, number, (count: number) => readonly string[], (count: number) => readonly string[]]>([
  ['behind nothing', 1000, () => [], () => []],
  ['in what an application printed', 1000, () => [`${head()}FastCGI sent in stderr: "PHP message: x`], () => []],
  ['in a file name, without its end', 1000, () => [`${head()}open() "/srv/`], () => []],
  ['in a stack trace', 1000, () => [`${head()}[lua] a.lua:1: x`], () => []],
  // With its request, everything is within the length of one record.
  ['behind a request that makes as many', 200, (count) => [notFound(count)], () => []],
  ['with the end of the name behind them', 1000, () => [`${head()}open() "/srv/`], () => [`" ${missing}${fields}`]],
  ['behind many requests', 1000, () => Array.from({ length: 12 }, () => notFound(20)), () => []],
  ['behind many records begun', 1000, () => Array.from({ length: 60 }, () => `${head()}open() "/a`), () => []],
  [
    'behind a login',
    1000,
    () => [`${head('info')}client login failed: "x", client: 6.6.6.6, server: 0.0.0.0:25, login: "b`],
    () => [],
  ],
  ['that may be of any length', 1000, () => [`${head()}open() "/srv/${'\ufffd'.repeat(700)}`], () => []],
])('blank lines %s: four times as many are four times the work', (_, count, before, after) => {
  const few = [...before(count), ...blanks(count), ...after(count)];
  const many = [...before(4 * count), ...blanks(4 * count), ...after(4 * count)];
  // The least of many runs by turns is what nothing has disturbed. Where each line walks through all that wait it never
  // is less than ten times as much, however long this tries; a machine under load needs more tries than a quiet one.
  const least = { few: Number.POSITIVE_INFINITY, many: Number.POSITIVE_INFINITY };
  const end = performance.now() + 15_000;
  for (let run = 0; run < 12 || (least.many / least.few >= 8 && performance.now() < end); run++) {
    least.few = Math.min(least.few, workOf(few));
    least.many = Math.min(least.many, workOf(many));
  }
  // Four, or little more; it was 10 to 16 where each line walked through all that wait.
  expect(least.many / least.few).toBeLessThan(8);
});
