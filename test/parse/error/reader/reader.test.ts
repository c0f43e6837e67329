import { expect, test } from 'vitest';
import { errorLineReader } from '../../../../collector/parse/error/reader.ts';
import { fields, head, refused, request, tellingSink } from './lines.ts';

const states = (text: string): string[] => {
  const found: string[] = [];
  const reader = errorLineReader(tellingSink((state) => found.push(state)));
  for (const line of text.split('\n')) reader.read(line);
  reader.end();
  return found;
};
const stderr = 'FastCGI sent in stderr: "PHP message: PHP Fatal error:  Uncaught Exception: "x" in /a.php:2';
const fromUpstream = ` while reading response header from upstream${fields}`;

test.each([
  ['one after the other', `${refused}\n${refused}`, ['line', 'line']],
  [
    'a PHP stack trace',
    `${head()}${stderr}\nStack trace:\n#0 {main}\n\n  thrown in /a.php on line 2"${fromUpstream}\n${refused}`,
    ['line', 'continuation', 'continuation', 'continuation', 'continuation', 'line'],
  ],
  [
    'an error line inside what PHP printed',
    `${head()}${stderr}, client: 6.6.6.6, server: x, upstream: "http://6.6.6.6:6/" in /a.php\n#0 {main}\n  thrown"${fromUpstream}\nother`,
    ['line', 'continuation', 'continuation', 'foreign'],
  ],
  ['after a record has ended', `${head()}${stderr}"${fromUpstream}\n#0 {main}`, ['line', 'foreign']],
  [
    'after its last line',
    `${head()}${stderr}\n#0 {main}"${fromUpstream}\n#0 {main}`,
    ['line', 'continuation', 'foreign'],
  ],
  [
    'a Lua stack trace',
    `${head()}lua entry thread aborted: runtime error: a.lua:1: x\nstack traceback:\ncoroutine 0:\n\ta.lua: in function <a.lua:1>, client: 192.0.2.7, server: a\nother`,
    ['line', 'continuation', 'continuation', 'continuation', 'foreign'],
  ],
  [
    'Lua in a timer',
    `${head()}[lua] a.lua:1: x\nstack traceback:, context: ngx.timer\nother`,
    ['line', 'continuation', 'foreign'],
  ],
  [
    'Lua at start, then the next record',
    `${head('error', '')}[lua] a.lua:1: x\nstack traceback:\n${refused}`,
    ['line', 'continuation', 'line'],
  ],
  [
    'a decoded line feed in the URI',
    `${head()}connect() failed (111: x) while connecting to upstream${request}, upstream: "http://127.0.0.1:80/a\nb", host: "a"\nother`,
    ['line', 'continuation', 'foreign'],
  ],
  ['at the beginning', '#0 {main}\n', ['foreign', 'foreign']],
  [
    'another program',
    `${refused}\n192.0.2.7 - - [22/Nov/2026:07:30:45 +0000] "GET / HTTP/1.1" 200 1`,
    ['line', 'foreign'],
  ],
  ['a prefix in front', `nginx-1  | ${refused}`, ['foreign']],
  [
    'a record that nginx cut',
    `${head()}${stderr.padEnd(2047 - head().length, 'x')}\n${refused}\nother`,
    ['line', 'line', 'foreign'],
  ],
  ['a message without context and without quotes', `${head()}something new\nother`, ['line', 'foreign']],
  ['a socket left open', `${head('alert')}open socket #12 left in connection 5\n${refused}`, ['line', 'line']],
  [
    'a line inside a file name',
    `${head()}open() "/srv/x\n${refused}\n" failed (2: x)${request}, host: "x"`,
    ['line', 'forged', 'continuation'],
  ],
  [
    'a line inside a file name, quotes in pairs',
    `${head()}open() "/srv/x"\nb"\n${refused}\n" failed (2: x)${request}, host: "x"`,
    ['line', 'continuation', 'forged', 'continuation'],
  ],
  [
    'behind a line that something else cut',
    `${head()}open() "/srv/x\n${refused}\n${refused}`,
    ['line', 'line', 'line'],
  ],
])('%s', (_, text, expected) => {
  expect(states(text)).toEqual(expected);
});

test('a record takes no more lines than nginx has buffer', () => {
  const found = states([head() + stderr, ...Array.from({ length: 100 }, () => 'x'.repeat(99))].join('\n'));
  expect(found.filter((state) => state === 'continuation').length).toBeLessThan(41);
  expect(found.at(-1)).toBe('foreign');
});

test('forgets an unfinished record when lines were lost', () => {
  const found: string[] = [];
  const reader = errorLineReader(tellingSink((state) => found.push(state)));
  reader.read(`${head()}open() "/srv/x`);
  reader.reset();
  reader.read('x');
  reader.read(refused);
  reader.end();
  expect(found).toEqual(['line', 'foreign', 'line']);
});

test('lines wait for what may betray them: for a pause, and behind a record that may be half written for one more', () => {
  const found: string[] = [];
  const reader = errorLineReader(tellingSink((state) => found.push(state)));
  reader.read(refused);
  expect(found).toEqual([]);
  reader.pause(true);
  expect(found).toEqual(['line']);
  reader.read(`${head()}open() "/x" failed (2: x)${request}, host: "x"`);
  reader.read(refused);
  reader.pause(true);
  expect(found).toEqual(['line']);
  reader.pause(true);
  expect(found).toEqual(['line', 'line', 'line']);
  reader.read(`${head()}open() "/x" failed (2: x)${request}, host: "x"`);
  reader.read(refused);
  reader.pause(false);
  expect(found).toHaveLength(5);
});

test('lines are handed on as soon as no record can reach them', () => {
  let count = 0;
  const reader = errorLineReader(tellingSink(() => count++));
  for (let n = 0; n < 1000; n++) reader.read(refused);
  expect(1000 - count).toBeLessThan(4096 / refused.length + 1);
});
