import { expect, test } from 'vitest';
import { parseStubStatus } from '../../collector/parse/stub-status.ts';

const genuine =
  'Active connections: 5 \nserver accepts handled requests\n 79 78 80 \nReading: 1 Writing: 2 Waiting: 3 \n';
const read = { active: 5, accepts: 79, handled: 78, requests: 80, reading: 1, writing: 2, waiting: 3 };

test.each([
  ['as nginx writes it', genuine],
  [
    "with Tengine's request_time column",
    genuine.replace('requests\n', 'requests request_time\n').replace('80 \n', '80 123456 \n'),
  ],
  ['with CRLF', genuine.replaceAll('\n', '\r\n')],
  ['with blanks trimmed', genuine.replaceAll(' \n', '\n').replaceAll('\n ', '\n').trim()],
  ['with blank lines around', `\n\n${genuine}\n\n`],
  ['with no blank behind the colons', genuine.replaceAll(': ', ':')],
])('reads the page %s', (_name, text) => {
  expect(parseStubStatus(text)).toEqual(read);
});

test('a gauge that is briefly below zero is written unsigned: it reads 0', () => {
  const text = genuine
    .replace('Reading: 1', 'Reading: 18446744073709551615')
    .replace('Waiting: 3', 'Waiting: 4294967295');
  expect(parseStubStatus(text)).toEqual({ ...read, reading: 0, waiting: 0 });
});

test('a counter past 2^53 stays an exact integer and keeps growing', () => {
  const at = (requests: bigint) => parseStubStatus(genuine.replace('80', String(requests)))?.requests ?? -1;
  const big = 2n ** 63n + 12345n;
  expect(Number.isSafeInteger(at(big))).toBe(true);
  expect(at(big + 7n) - at(big)).toBe(7);
});

test.each([
  ['nothing', ''],
  ['HTML', '<html><head><title>403 Forbidden</title></head></html>'],
  ['the page cut off', genuine.slice(0, 60)],
  ['a negative number', genuine.replace('79', '-79')],
  ['more behind the page', `${genuine}<p>hello</p>`],
  ['something before the page', `HTTP/1.1 200 OK\n\n${genuine}`],
  ['a very long text', `${' '.repeat(3_000_000)}${genuine}`],
  ['JSON of another status module', '{"connections":{"accepted":79,"active":5}}'],
])('refuses %s', (_name, text) => {
  expect(parseStubStatus(text)).toBeNull();
});
