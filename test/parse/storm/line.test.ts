/** Which lines are read in place, and that they say there what the full parser says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseErrorLine, parseStrictErrorLine } from '../../../collector/parse/error/line.ts';
import { openOf } from '../../../collector/parse/error/open.ts';
import { createStormLineReader } from '../../../collector/parse/storm/line.ts';
import { plausible as claim, forgeries } from '../../support/logs/forging.ts';
import { actions, lineOf, messages } from '../error/catalogue/messages.ts';
import { connecting, fields, head, headers, refused, request, upstream } from '../error/reader/lines.ts';
import { counted } from './lines.ts';

const reader = createStormLineReader(true);

/** @returns whether the line is read in place; then it says what the full parser says, and nothing about it is open */
function isFast(line: string | Buffer): boolean {
  // The offset must not matter, nor what stands around it.
  const bytes = Buffer.concat([Buffer.from('x\n'), Buffer.from(line), Buffer.from(`\n${refused}\n`)]);
  const end = reader.read(bytes, 2);
  // Nor that the memory ends with it, at any distance from where eight bytes would.
  const alone = Buffer.from(Uint8Array.from(bytes.subarray(1, bytes.indexOf('\n', 2) + 1)).buffer);
  expect(reader.read(alone, 1)).toBe(end === -1 ? -1 : end - 1);
  if (end === -1) return false;
  reader.read(bytes, 2);
  const text = bytes.toString('utf8', 2, end);
  expect(end).toBe(bytes.indexOf('\n', 2));
  expect(text).not.toMatch(/[^\x20-\x7e]/);
  for (const parse of [parseErrorLine, parseStrictErrorLine]) {
    const line = parse(text);
    expect(line).not.toBeNull();
    if (line === null) continue;
    expect(counted(reader.found())).toBe(counted(line));
    expect([reader.found().server, reader.found().host]).toEqual([line.server, line.host]);
    expect([line.login, openOf(text, line), line.message.includes('"')]).toEqual([null, null, false]);
    expect(line.client).not.toBeNull();
    expect(line.connection).not.toBeNull();
  }
  expect(text.split(', client: ')).toHaveLength(2);
  expect(text.toLowerCase()).not.toContain('%0a');
  return true;
}

const doing = (message: string, rest = fields): string => `${head()}${message}${rest}`;
const header = ' while reading response header from upstream';

describe('lines of a storm are read in place', () => {
  const php = ', upstream: "fastcgi://unix:/run/php/php8.2-fpm.sock:", host: "www.example.org"';
  test.each([
    ['refused', refused],
    ['refused, host unreachable', doing(`connect() failed (113: No route to host)${connecting}`)],
    ['refused at once', doing(`connect() to 127.0.0.1:21010 failed (101: Network is unreachable)${connecting}`)],
    ['timed out connecting', doing(`upstream timed out (110: Connection timed out)${connecting}`)],
    ['timed out later', doing(`upstream timed out (110: Connection timed out)${header}`)],
    ['no live upstreams', doing(`no live upstreams${connecting}`, `${request}, upstream: "http://shop/a", host: "a"`)],
    ['reset', doing(`recv() failed (104: Connection reset by peer)${header}`)],
    ['closed early', doing(`upstream prematurely closed connection${header}`)],
    ['disabled', `${head('warn')}upstream server temporarily disabled${connecting}${fields}`],
    ['without a referrer', doing(`connect() failed (111: x)${connecting}`, `${request}${upstream}, host: "a"`)],
    ['without a host', doing(`connect() failed (111: x)${connecting}`, `${request}${upstream}`)],
    ['with a referrer alone', doing(`connect() failed (111: x)${connecting}`, `${request}${upstream}, referrer: ""`)],
    ['without a server name', refused.replace('server: www.example.org', 'server: ')],
    ['IPv6', refused.replaceAll('127.0.0.1:21010', '[2001:db8::1]:80').replace('192.0.2.7', '2001:db8::7')],
    ['an escape, a comma and a question', refused.replaceAll('/a?b=c', '/a%20b,c?d=%22,x')],
    ['a peer without a URI', refused.replace('http://127.0.0.1:21010/a?b=c', 'http://127.0.0.1:21010')],
    ['a peer and arguments', refused.replace('http://127.0.0.1:21010/a', 'http://127.0.0.1:21010')],
    ['a socket', doing(`upstream timed out (110: Connection timed out)${header}`, request + php)],
    [
      'a socket that is missing',
      `${head('crit')}connect() to unix:/run/php/php8.2-fpm.sock failed (2: No such file or directory)${connecting}${request}${php}`,
    ],
    ['gRPC', refused.replace('http://127', 'grpc://127')],
    ['an upgrade of HTTP/2', refused.replace('HTTP/1.1"', 'HTTP/2.0"')],
  ])('%s', (_, line) => {
    expect(isFast(line)).toBe(true);
  });
});

describe('others are left to the full parser', () => {
  const forged = '", upstream: "http://6.6.6.6:6/x';
  const asked = (target: string) => refused.replace('GET /a?b=c', `GET ${target}`);
  test.each([
    ['a quote in the request', asked('/a"b')],
    ['an upstream in the request', asked(`/a${forged}`)],
    ['HTTP/0.9', refused.replace(' HTTP/1.1"', '"')],
    ['a version inside the request', asked('/a HTTP/1.1"b')],
    ['a line feed, escaped', asked('/a%0ab')],
    ['the same, large', asked('/a%0Ab')],
    ['a line feed in the referrer', refused.replace('https://example.org/', 'https://example.org/%0a')],
    ['a second context', asked('/a, client: 6.6.6.6, server: x')],
    ['a second context in the referrer', refused.replace('https://example.org/', 'x, client: 6.6.6.6')],
    ['an upstream in the host', refused.replace('host: "www', `host: "b${forged}`)],
    ['a quote in the referrer', refused.replace('https://example.org/', `${forged}`)],
    ['a byte that is no ASCII', asked('/ä')],
    ['NUL', asked('/\0')],
    ['a carriage return at the end', `${refused}\r`],
    ['a blank at the end', `${refused} `],
    ['a subrequest', refused.replace(', upstream: ', ', subrequest: "/auth", upstream: ')],
    ['an odd server name', refused.replace('server: www.example.org', 'server: ~^(a{1,2}), "(b)"$')],
    ['a client behind a socket', refused.replace('client: 192.0.2.7', 'client: unix:/x')],
    ['no connection', refused.replace('*7 ', '')],
    ['a level that says little', refused.replace('[error]', '[info]')],
    ['a prefix in front', `nginx-1  | ${refused}`],
    ['a number of sixteen digits', refused.replace('*7 ', '*1234567890123456 ')],
    [
      'a stream',
      doing(
        `connect() failed (111: x)${connecting}`,
        ', client: 1.1.1.1, server: 0.0.0.0:1, upstream: "1.1.1.1:2", bytes from/to client:0/0, bytes from/to upstream:0/0',
      ),
    ],
    ['a message that quotes', doing(`upstream sent invalid header: "x"${header}`)],
    ['a file', doing('open() "/srv/x" failed (2: No such file or directory)', `${request}${headers}`)],
    ['a length at which nginx cuts', asked(`/${'a'.repeat(2047)}`).slice(0, 2047)],
    ['a long line', asked(`/${'a'.repeat(2000)}`)],
    ['a name for a peer that the message does not have', doing(`connect() to 1.1.1.1:1 failed (101: x)${connecting}`)],
    ['NULs for a time', `${'\0'.repeat(19)}${refused.slice(19)}`],
    ['nothing', ''],
  ])('%s', (_, line) => {
    expect(isFast(line)).toBe(false);
  });
});

const reports = readFileSync(join(import.meta.dirname, '../error/catalogue/public-reports.tsv'), 'utf8')
  .trimEnd()
  .split('\n');
const known = [
  ...messages.map(([, level = '', message = '', where = '']) => lineOf(level, message, where)),
  ...actions.map(([action = '']) => lineOf('error', 'recv() failed (104: x)', `http:${action}`)),
  ...reports.map((row) => row.split('\t')[4] ?? ''),
  ...Object.values(forgeries).map((forge) => forge(claim)),
];

test('every line that is known says the same in both ways', () => {
  const fast = known.filter(isFast);
  expect(known.length).toBeGreaterThan(1100);
  expect(fast.length).toBeGreaterThan(20);
});

test('a line cut anywhere, or with one byte more, less or other, says the same', () => {
  const odd = Buffer.from('"\' ,:%/?*#()[]0a\\\r\t\0\x7f\xc3\xff\n', 'latin1');
  for (const line of [refused, ...known.filter(isFast).slice(0, 4)]) {
    const bytes = Buffer.from(line);
    for (let at = 0; at <= bytes.length; at++) {
      isFast(bytes.subarray(0, at));
      isFast(bytes.subarray(at));
      isFast(Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]));
    }
    for (let at = 0; at <= bytes.length; at += 3) {
      for (const byte of odd) {
        isFast(Buffer.concat([bytes.subarray(0, at), Buffer.from([byte]), bytes.subarray(at)]).subarray(0, -1));
        isFast(Buffer.concat([bytes.subarray(0, at), Buffer.from([byte]), bytes.subarray(at + 1)]));
      }
    }
  }
});

const tricks = fc.constantFrom(
  ' while ',
  ' while SSL handshaking to upstream',
  ', upstream: "',
  '", upstream: "http://6.6.6.6:6/',
  ', client: 6.6.6.6, server: x',
  ', host: "',
  '", referrer: "',
  '", host: "a"',
  ' HTTP/1.1"',
  ' HTTP/1.1", upstream: "http://6.6.6.6:6/',
  '%0a',
  '%0A',
  '\n',
  '\r',
  '\0',
  '"',
  ', ',
  '\u00e4',
  '\ufffd',
  ' (13: Permission denied)',
  refused,
  refused.slice(0, 60),
);

test('an action inside the text of an errno is for the full parser', () => {
  for (const action of [' while SSL handshaking to upstream', ' while connecting to upstream', 'x while ']) {
    for (const message of ['recv() failed (104: ', 'connect() failed (111: ', 'upstream timed out (110: '])
      expect(isFast(doing(`${message}${action}Connection reset by peer)${header}`))).toBe(false);
  }
});

test('a line into which anything is put says the same', () => {
  const parts = fc.array(fc.tuple(fc.nat(400), fc.oneof(tricks, fc.string({ unit: 'binary' }))), { maxLength: 4 });
  fc.assert(
    fc.property(fc.nat(known.length), parts, (of, inserts) => {
      let line = known[of] ?? refused;
      for (const [at, text] of inserts) line = line.slice(0, at) + text + line.slice(at);
      isFast(line);
      isFast(`${refused.slice(0, -1)}${line}"`);
    }),
    { interruptAfterTimeLimit: 3000, numRuns: 3000 },
  );
});

test('lines alike are one object, and of one name', () => {
  const read = (line: string) => {
    expect(reader.read(Buffer.from(`${line}\n`), 0)).toBe(line.length);
    return reader.found();
  };
  const first = read(refused);
  expect(read(refused.replace('*7 ', '*8 ').replace('192.0.2.7', '192.0.2.8'))).toBe(first);
  const other = read(refused.replace('#4027', '#1').replace('4027#', '4028#'));
  expect(other).not.toBe(first);
  expect(other.upstream).toBe(first.upstream);
  expect(read(refused.replace(':45 ', ':46 ')).time).toBe('2026-11-22T07:30:46');
});
