import { describe, expect, test } from 'vitest';
import { parseErrorLine, parseStrictErrorLine } from '../../../collector/parse/error/line.ts';
import { connecting, fields, head, peer, refused, request, streamFields } from './reader/lines.ts';

const unixSocket = `${head('crit')}connect() to unix:/run/app:1/x.sock failed (2: No such file or directory)${connecting}${request}, upstream: "http://unix:/run/app:1/x.sock:/a:/b?c=http://d/", host: "a"`;

describe.each([
  ['refused', refused, peer],
  ['IPv6', refused.replaceAll(peer, '[2001:db8::1]:8080'), '[2001:db8::1]:8080'],
  ['subrequest', refused.replace(', upstream:', ', subrequest: "/auth", upstream:'), peer],
  [
    'FastCGI',
    `${head()}connect() failed (111: x)${connecting}${request}, upstream: "fastcgi://127.0.0.1:9000", host: "a"`,
    '127.0.0.1:9000',
  ],
  ['group', `${head()}no live upstreams${connecting}${request}, upstream: "http://backend/a", host: "a"`, 'backend'],
  ['unix socket', unixSocket, 'unix:/run/app:1/x.sock'],
  ['stream', `${head()}connect() failed (111: x)${connecting}${streamFields}`, '127.0.0.1:3306'],
  ['tls', `${head()}SSL_do_handshake() failed (SSL: error:1) while SSL handshaking to upstream${fields}`, peer],
  ['synchronous', `${head()}connect() to ${peer} failed (113: No route to host)${connecting}${fields}`, peer],
  [
    'quoting',
    `${head()}upstream sent invalid header: "a, client: b" while reading response header from upstream${fields}`,
    peer,
  ],
  [
    'HTTP/0.9',
    `${head()}connect() failed (111: x)${connecting}, client: 1.1.1.1, server: , request: "GET /x", upstream: "http://${peer}/x"`,
    peer,
  ],
])('a line cut at any byte names its own peer or none: %s', (_, whole, expected) => {
  test.each([
    ['tolerant', parseErrorLine],
    ['strict', parseStrictErrorLine],
  ])('%s', (_name, parse) => {
    const full = parse(whole);
    expect(full?.upstream?.peer).toBe(expected);
    expect(full?.truncated).toBe(false);
    const from = head().length + 1;
    for (let length = from; length < whole.length; length++) {
      const line = parse(whole.slice(0, length));
      expect(line).not.toBeNull();
      expect([null, expected]).toContain(line?.upstream?.peer ?? null);
      expect([null, full?.errno]).toContain(line?.errno ?? null);
    }
  });
});

test('a cut line keeps its kind from the errno on', () => {
  const from = refused.indexOf('while connecting');
  for (let length = from + 'while c'.length; length < refused.length; length++) {
    expect(parseErrorLine(refused.slice(0, length))).toMatchObject({ kind: 'refused', errno: 111 });
  }
});

test('a line whose beginning is missing never gains a peer', () => {
  for (let start = 1; start < refused.length; start++) {
    const line = parseErrorLine(refused.slice(start));
    expect([null, peer]).toContain(line?.upstream?.peer ?? null);
    expect([undefined, 'refused']).toContain(line?.kind);
  }
});

describe('nginx cuts at 2047 bytes', () => {
  const cut = (text: string, bytes = 2047): string => Buffer.from(text).subarray(0, bytes).toString('utf8');
  const long = (path: string): string => refused.replaceAll('/a?b=c', `/${path}`);

  test.each([
    ['inside the URI of the upstream', 'a'.repeat(1100), peer],
    ['before the upstream', 'a'.repeat(1900), null],
    ['inside the request', 'a'.repeat(2500), null],
    ['inside a character of two bytes', 'é'.repeat(1200), null],
    ['inside a character of three bytes', `a${'€'.repeat(800)}`, null],
    ['inside a character of four bytes', `aa${'😀'.repeat(600)}`, null],
  ])('%s', (_, path, expected) => {
    const text = cut(long(path));
    const line = parseErrorLine(text);
    expect(line).toMatchObject({ kind: 'refused', truncated: true });
    expect(line?.upstream?.peer ?? null).toBe(expected);
  });

  test('also when the cut falls behind a closing quote', () => {
    const referrer = 'r'.repeat(2047 - refused.length + 'https://example.org/'.length);
    const text = refused.replace('https://example.org/', referrer);
    expect(Buffer.byteLength(text)).toBe(2047);
    expect(parseErrorLine(text)).toMatchObject({ truncated: true, upstream: { peer } });
    expect(parseErrorLine(`nginx-1  | ${text}`)).toMatchObject({ truncated: true });
    expect(parseErrorLine(text.replace('r"', '"'))).toMatchObject({ truncated: false });
  });

  test('a mail peer at the end of a full buffer may be half of one', () => {
    const text = `${head()}recv() failed (111: x) while reading response from upstream, client: 192.0.2.7, server: 0.0.0.0:143, login: "LOGIN", upstream: 127.0.0.1:143`;
    const full = text.replace('LOGIN', 'b'.repeat(2047 - text.length + 'LOGIN'.length));
    expect(parseErrorLine(text)).toMatchObject({ upstream: { peer: '127.0.0.1:143' }, truncated: false });
    expect(parseErrorLine(full)).toMatchObject({ upstream: null, truncated: true });
  });

  test('OpenResty cuts at 4095', () => {
    const text = cut(long('a'.repeat(4200)), 4095);
    expect(parseErrorLine(text)).toMatchObject({ kind: 'refused', truncated: true, upstream: null });
  });
});

test.each([
  ['an upstream field without anything', unixSocket.slice(0, unixSocket.indexOf('"http://unix')), null],
  ['inside the socket path', unixSocket.slice(0, unixSocket.indexOf('"http://unix') + 20), 'http'],
])('the message gives the peer that the field lost: %s', (_, text, scheme) => {
  expect(parseErrorLine(text)).toMatchObject({
    kind: 'socket_missing',
    upstream: { scheme, peer: 'unix:/run/app:1/x.sock', uri: null },
    truncated: true,
  });
});

test.each([
  ['inside the errno', 'connect() failed (111: Connection ref', { errno: 111, message: 'connect() failed' }],
  ['inside the number', 'connect() failed (11', { errno: null }],
  ['inside the action', `connect() failed (111: x) while conn`, { errno: 111, action: 'conn', kind: 'refused' }],
  ['behind the comma', `recv() failed (104: x) while reading upstream,`, { action: 'reading upstream', kind: 'reset' }],
  [
    'dots of an author',
    `512 worker_connections are not enough${connecting}, ...`,
    { action: 'connecting to upstream' },
  ],
  ['by a pager', 'no live upstreams while connecting to$', { action: 'connecting to$', kind: 'no_live' }],
  ['behind the action', `no live upstreams${connecting}`, { action: 'connecting to upstream' }],
  [
    'behind the server',
    `no live upstreams${connecting}, client: 192.0.2.7, server: a.example`,
    { server: 'a.example' },
  ],
  ['behind the client', `no live upstreams${connecting}, client: 192.0.2.7`, { client: '192.0.2.7', server: null }],
  [
    'inside a label',
    `connect() failed (111: x)${connecting}, client: 192.0.2.7, server: a.example, requ`,
    { server: 'a.example', request: null },
  ],
  [
    'behind the request',
    `connect() failed (111: x)${connecting}${request}, u`,
    { request: 'GET /a?b=c HTTP/1.1', upstream: null },
  ],
  [
    'inside the host',
    `connect() failed (111: x)${connecting}${request}, upstream: "http://${peer}/", host: "54`,
    { host: '54' },
  ],
])('cut %s', (_, text, expected) => {
  const truncated = text.endsWith('(11') ? {} : { truncated: true };
  expect(parseErrorLine(head() + text)).toMatchObject({ ...expected, ...truncated });
});
