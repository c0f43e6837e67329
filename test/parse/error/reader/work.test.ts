/** A client decodes a thousand line feeds into one record: each may cost no more than the first did. */
import { expect, test } from 'vitest';
import { errorLineReader } from '../../../../collector/parse/error/reader.ts';
import { growsLinearly } from '../../../support/growth.ts';
import { fields, head, tellingSink } from './lines.ts';

const blanks = (count: number): readonly string[] => Array.from({ length: count }, () => '');
const missing = 'failed (2: No such file or directory)';

/** A static file's name of so many line feeds, with the request that made them, and what follows. */
function notFound(feeds: number): string {
  return `${head()}open() "/srv/x" ${missing}, client: 6.6.6.6, server: a, request: "GET /${'%0a'.repeat(feeds)} HTTP/1.1", host: "a"`;
}

/** Reads all of them, as one file that ends. */
function readAll(lines: readonly string[]): void {
  let read = 0;
  const reader = errorLineReader(tellingSink(() => read++));
  for (const line of lines) reader.read(line);
  reader.end();
  expect(read).toBe(lines.length);
}

test.each<[string, number, (count: number) => readonly string[], (count: number) => readonly string[]]>([
  ['behind nothing', 400, () => [], () => []],
  ['in what an application printed', 400, () => [`${head()}FastCGI sent in stderr: "PHP message: x`], () => []],
  ['in a file name, without its end', 400, () => [`${head()}open() "/srv/`], () => []],
  ['in a stack trace', 400, () => [`${head()}[lua] a.lua:1: x`], () => []],
  // With its request, everything is within the length of one record.
  ['behind a request that makes as many', 100, (count) => [notFound(count)], () => []],
  ['with the end of the name behind them', 400, () => [`${head()}open() "/srv/`], () => [`" ${missing}${fields}`]],
  ['behind many requests', 400, () => Array.from({ length: 12 }, () => notFound(20)), () => []],
  ['behind many records begun', 400, () => Array.from({ length: 60 }, () => `${head()}open() "/a`), () => []],
  [
    'behind a login',
    400,
    () => [`${head('info')}client login failed: "x", client: 6.6.6.6, server: 0.0.0.0:25, login: "b`],
    () => [],
  ],
  ['that may be of any length', 400, () => [`${head()}open() "/srv/${'\ufffd'.repeat(700)}`], () => []],
])('blank lines %s: eight times as many are eight times the work', (_, count, before, after) => {
  // Where each line walked through all that wait, it was thirty times and more.
  growsLinearly((feeds) => {
    const lines = [...before(feeds), ...blanks(feeds), ...after(feeds)];
    return () => readAll(lines);
  }, count);
});
