import { expect, test } from 'vitest';
import { errorLineReader } from '../../../collector/parse/error/reader.ts';
import { fields, head, refused, request } from './lines.ts';

const states = (text: string): string[] => {
  const reader = errorLineReader();
  return text.split('\n').map((line) => {
    const reading = reader.read(line);
    return reading.state === 'matched' && reading.inside ? 'inside' : reading.state;
  });
};
const stderr = 'FastCGI sent in stderr: "PHP message: PHP Fatal error:  Uncaught Exception: "x" in /a.php:2';
const fromUpstream = ` while reading response header from upstream${fields}`;

test.each([
  ['one after the other', `${refused}\n${refused}`, ['matched', 'matched']],
  [
    'a PHP stack trace',
    `${head()}${stderr}\nStack trace:\n#0 {main}\n\n  thrown in /a.php on line 2"${fromUpstream}\n${refused}`,
    ['matched', 'continuation', 'continuation', 'continuation', 'continuation', 'matched'],
  ],
  [
    'an error line inside what PHP printed',
    `${head()}${stderr}, client: 6.6.6.6, server: x, upstream: "http://6.6.6.6:6/" in /a.php\n#0 {main}\n  thrown"${fromUpstream}\nother`,
    ['matched', 'continuation', 'continuation', 'foreign'],
  ],
  ['after a record has ended', `${head()}${stderr}"${fromUpstream}\n#0 {main}`, ['matched', 'foreign']],
  [
    'after its last line',
    `${head()}${stderr}\n#0 {main}"${fromUpstream}\n#0 {main}`,
    ['matched', 'continuation', 'foreign'],
  ],
  [
    'a Lua stack trace',
    `${head()}lua entry thread aborted: runtime error: a.lua:1: x\nstack traceback:\ncoroutine 0:\n\ta.lua: in function <a.lua:1>, client: 192.0.2.7, server: a\nother`,
    ['matched', 'continuation', 'continuation', 'continuation', 'foreign'],
  ],
  [
    'Lua in a timer',
    `${head()}[lua] a.lua:1: x\nstack traceback:, context: ngx.timer\nother`,
    ['matched', 'continuation', 'foreign'],
  ],
  [
    'Lua at start, then the next record',
    `${head('error', '')}[lua] a.lua:1: x\nstack traceback:\n${refused}`,
    ['matched', 'continuation', 'matched'],
  ],
  [
    'a decoded line feed in the URI',
    `${head()}connect() failed (111: x) while connecting to upstream${request}, upstream: "http://127.0.0.1:80/a\nb", host: "a"\nother`,
    ['matched', 'continuation', 'foreign'],
  ],
  ['at the beginning', '#0 {main}\n', ['foreign', 'foreign']],
  [
    'another program',
    `${refused}\n192.0.2.7 - - [22/Nov/2026:07:30:45 +0000] "GET / HTTP/1.1" 200 1`,
    ['matched', 'foreign'],
  ],
  ['a prefix in front', `nginx-1  | ${refused}`, ['foreign']],
  [
    'a record that nginx cut',
    `${head()}${stderr.padEnd(2047 - head().length, 'x')}\n${refused}\nother`,
    ['matched', 'matched', 'foreign'],
  ],
  ['a message without context and without quotes', `${head()}something new\nother`, ['matched', 'foreign']],
  ['a socket left open', `${head('alert')}open socket #12 left in connection 5\n${refused}`, ['matched', 'matched']],
  ['a line inside a file name', `${head()}open() "/srv/x\n${refused}`, ['matched', 'inside']],
  [
    'a line inside a file name, quotes in pairs',
    `${head()}open() "/srv/x"\nb"\n${refused}`,
    ['matched', 'continuation', 'inside'],
  ],
  [
    'a line inside an upstream',
    `${head()}connect() failed (111: x) while connecting to upstream${request}, upstream: "http://127.0.0.1:80/a\n${refused}`,
    ['matched', 'inside'],
  ],
])('%s', (_, text, expected) => {
  expect(states(text)).toEqual(expected);
});

test('a record takes no more lines than nginx has buffer', () => {
  const reader = errorLineReader();
  reader.read(head() + stderr);
  const lines = Array.from({ length: 100 }, () => reader.read('x'.repeat(99)).state);
  expect(lines.filter((state) => state === 'continuation').length).toBeLessThan(41);
  expect(lines.at(-1)).toBe('foreign');
});

test('forgets an unfinished record when lines were lost', () => {
  const reader = errorLineReader();
  reader.read(`${head()}open() "/srv/x`);
  reader.reset();
  expect(reader.read('x').state).toBe('foreign');
  expect(reader.read(refused)).toMatchObject({ inside: false });
});
