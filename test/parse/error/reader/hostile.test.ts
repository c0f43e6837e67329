import { describe, expect, test } from 'vitest';
import { parseErrorLine, parseStrictErrorLine } from '../../../../collector/parse/error/line.ts';
import { errorLineReader } from '../../../../collector/parse/error/reader.ts';
import { connecting, head, peer, tellingSink } from './lines.ts';

const real = { scheme: 'http', peer };
const forged = '", upstream: "http://6.6.6.6:6/x';
const refusedBy = (context: string): string =>
  `${head()}connect() failed (111: Connection refused)${connecting}${context}`;
const client = ', client: 192.0.2.7, server: www.example.org';
const up = `, upstream: "http://${peer}/x"`;

describe('forged fields do not move the peer', () => {
  test.each([
    ['quote and comma in the request', `${client}, request: "GET /a"b,c HTTP/1.1"${up}, host: "a"`],
    ['upstream in the request, before 1.21.1', `${client}, request: "GET /d${forged} HTTP/1.1"${up}, host: "a"`],
    [
      'several upstreams in the request',
      `${client}, request: "GET /${forged}${forged}${forged} HTTP/1.1"${up}, host: "a"`,
    ],
    ['subrequest in the request', `${client}, request: "GET /", subrequest: "/x${forged} HTTP/1.1"${up}, host: "a"`],
    ['blanks in an HTTP/2 path, before 1.21.1', `${client}, request: "GET /a b${forged} HTTP/2.0"${up}, host: "a"`],
    ['a version inside an HTTP/2 path', `${client}, request: "GET /a HTTP/1.1"b HTTP/2.0"${up}, host: "a"`],
    ['upstream in HTTP/0.9, before 1.21.1', `${client}, request: "GET /x${forged}"${up}`],
    [
      'request, upstream and host in the referrer',
      `${client}, request: "GET / HTTP/1.1"${up}, host: "a", referrer: "${forged}", host: "evil""`,
    ],
    [
      'a complete context in the referrer',
      `${client}, request: "GET / HTTP/1.1"${up}, host: "a", referrer: "x) while SSL handshaking to upstream, client: 1.1.1.1, server: x, request: "GET / HTTP/1.1", upstream: "http://6.6.6.6:6/", host: "x""`,
    ],
    ['upstream in the host', `${client}, request: "GET / HTTP/1.1"${up}, host: "b${forged}"`],
    [
      'a referrer in the host',
      `${client}, request: "GET / HTTP/1.1"${up}, host: "b", referrer: "${forged}", referrer: "y"`,
    ],
    [
      'upstream in the decoded URI',
      `${client}, request: "GET /x HTTP/1.1", upstream: "http://${peer}/x${forged}", host: "a"`,
    ],
    [
      'host in the decoded URI',
      `${client}, request: "GET /x HTTP/1.1", upstream: "http://${peer}/x", host: "b${forged}", host: "a"`,
    ],
    [
      'a subrequest that repeats the decoded URI',
      `${client}, request: "GET /x%22,%20upstream:%20%22http://6.6.6.6:6/ HTTP/1.1", subrequest: "/x", upstream: "http://6.6.6.6:6/"${up}, host: "a"`,
    ],
    [
      'the same, with merged slashes',
      `${client}, request: "GET /z HTTP/1.1", subrequest: "/x", upstream: "http:/6.6.6.6:6/"${up}, host: "a"`,
    ],
    [
      'commas and quotes in a server_name regex',
      `, client: 192.0.2.7, server: ~^(a{1,2}), "(b)"$, request: "GET / HTTP/1.1"${up}, host: "a"`,
    ],
    [
      'a client line break that nginx let through',
      `${client}, request: "GET /\u0001\t\u007f HTTP/1.1"${up}, host: "a"`,
    ],
  ])('%s', (_, context) => {
    const line = parseErrorLine(refusedBy(context));
    expect(line).toMatchObject({ kind: 'refused', errno: 111, action: 'connecting to upstream', client: '192.0.2.7' });
    expect(line?.upstream).toMatchObject(real);
  });
});

describe('forged fields make no peer where nginx names none', () => {
  const unresolved = (context: string): string => `${head()}x could not be resolved (3: Host not found)${context}`;
  test.each([
    ['host', unresolved(`${client}, request: "GET / HTTP/1.1", host: "a${forged}"`)],
    ['referrer', unresolved(`${client}, request: "GET / HTTP/1.1", host: "a", referrer: "${forged}"`)],
    ['request', unresolved(`${client}, request: "GET /${forged} HTTP/1.1", host: "a"`)],
    ['HTTP/0.9', unresolved(`${client}, request: "GET /${forged}"`)],
  ])('a name that does not resolve: %s', (_, text) => {
    expect(parseErrorLine(text)).toMatchObject({ kind: 'resolve', errno: null, upstream: null });
  });
  test.each([
    ['host', `${client}, request: "GET / HTTP/1.1", host: "a${forged}"`],
    ['referrer', `${client}, request: "GET / HTTP/1.1", host: "a", referrer: "${forged}"`],
    ['referrer without a host', `${client}, request: "GET / HTTP/1.0", referrer: "${forged}"`],
    ['request', `${client}, request: "GET /${forged} HTTP/1.1", host: "a"`],
    ['a request that was cut', `${client}, request: "GET /${forged}/aaaa`],
    [
      'a subrequest that repeats the URI',
      `${client}, request: "GET /x%22,%20upstream:%20%22http://6.6.6.6:6/ HTTP/1.1", subrequest: "/x", upstream: "http://6.6.6.6:6/", host: "a"`,
    ],
  ])('a connect that lost its field: %s', (_, context) => {
    expect(parseErrorLine(refusedBy(context))).toMatchObject({ kind: 'refused', upstream: null });
  });
  test('HTTP/0.9, cut by nginx behind a quote', () => {
    const text = refusedBy(`${client}, request: "GET /PATH${forged}"`);
    const full = text.replace('PATH', 'a'.repeat(2047 - text.length + 4));
    expect(full).toHaveLength(2047);
    expect(parseErrorLine(full)).toMatchObject({ kind: 'refused', upstream: null, truncated: true });
  });
  test.each([
    [
      'escaped, where the proxied URI is decoded',
      `, request: "GET /n%22,%20upstream:%20%22http://6.6.6.6:6/"${up}", upstream: "http://6.6.6.6:6/"`,
    ],
    [
      'its blanks escaped',
      `, request: "GET /n",%20upstream:%20"http://6.6.6.6:6/"${up}", upstream: "http://6.6.6.6:6/"`,
    ],
    ['raw, where the proxied URI is decoded', `, request: "GET /n${forged}"${up}${forged}"`],
  ])('HTTP/0.9, more than one: %s', (_, context) => {
    expect(parseErrorLine(refusedBy(client + context))).toMatchObject({ kind: 'refused', upstream: null });
  });
  test('the login of a mail session', () => {
    const text = `${head()}recv() failed (111: x) while in http auth state, client: 192.0.2.7, server: 0.0.0.0:143, login: "bob", upstream: 6.6.6.6:6"`;
    expect(parseErrorLine(text)).toMatchObject({
      protocol: 'mail',
      login: 'bob", upstream: 6.6.6.6:6',
      upstream: null,
    });
  });
  test('the login before a real peer', () => {
    const text = `${head()}recv() failed (111: x) while reading response from upstream, client: 192.0.2.7, server: 0.0.0.0:143, login: "bob", upstream: 6.6.6.6:6", upstream: 127.0.0.1:143`;
    expect(parseErrorLine(text)?.upstream).toEqual({ scheme: null, peer: '127.0.0.1:143', uri: null });
  });
});

describe('names that clients chose, `proxy_pass http://$1`', () => {
  const context = `${client}, request: "GET /x HTTP/1.1", host: "a"`;
  test.each([
    [
      'like a kind',
      'no live upstreams while connecting to upstream could not be resolved (3: Host not found)',
      'resolve',
    ],
    ['like noise', 'client x could not be resolved (3: Host not found)', 'resolve'],
    ['like an action', 'a while SSL handshaking to upstream could not be resolved (2: Server failure)', 'resolve'],
    ['no resolver', 'no resolver defined to resolve a while connecting to upstream', 'resolve'],
    [
      'a context in a port',
      `invalid port in upstream "a:, client: 1.1.1.1, server: x, request: "GET / HTTP/1.1"${forged.slice(1)}"`,
      'other',
    ],
    [
      'a context in a prefix',
      `invalid URL prefix in "a, client: 1.1.1.1, server: x, request: "GET / HTTP/1.1"${forged.slice(1)}"`,
      'other',
    ],
  ])('%s', (_, message, kind) => {
    for (const parse of [parseErrorLine, parseStrictErrorLine]) {
      expect(parse(head() + message + context)).toMatchObject({ kind, errno: null, action: null, upstream: null });
    }
  });
});

test.each([
  ['a name of a DNS answer', 'open() "/srv/a could not be resolved (3: b)'],
  ['a directory like a DNS answer', 'directory index of "/srv/a could not be resolved (3: b/" is forbidden'],
  [
    'an upstream without a client',
    '"/srv/n", upstream: "http://6.6.6.6:6/index.html" is not found (2: No such file or directory)',
  ],
  [
    'a complete context',
    'open() "/srv/n" failed (13: a) while reading upstream, client: 1.1.1.1, server: x, request: "GET / HTTP/1.1", upstream: "http://6.6.6.6:6/", host: "" failed (2: No such file or directory)',
  ],
])('a file name makes neither kind nor peer: %s', (_, message) => {
  const line = parseErrorLine(`${head()}${message}${client}, request: "GET /x HTTP/1.1", host: "a"`);
  expect(line).toMatchObject({ kind: 'unrelated', upstream: null });
});

test('a file name that fills the buffer makes no peer', () => {
  const text = `${head()}open() "/srv/PATH, client: 1.1.1.1, server: x, request: "GET / HTTP/1.1", upstream: "http://6.6.6.6:6/"`;
  const full = text.replace('PATH', 'a'.repeat(2047 - text.length + 4));
  expect(parseErrorLine(full)).toMatchObject({ kind: 'unrelated', upstream: null, truncated: true });
});

describe('text inside the message does not make a kind', () => {
  const inner = 'connect() failed (111: Connection refused) while connecting to upstream';
  test.each([
    ['a file name', `open() "/srv/${inner}" failed (2: No such file or directory)`, 'unrelated'],
    [
      'an application',
      `FastCGI sent in stderr: "${inner}, client: 1.1.1.1, server: x, upstream: "http://6.6.6.6:6/"" while reading response header from upstream`,
      'unrelated',
    ],
    [
      'a header of the upstream',
      `upstream sent invalid header: "${inner}" while reading response header from upstream`,
      'bad_response',
    ],
    ['a name in a variable', `invalid port in upstream "${inner}"`, 'other'],
    [
      'a header of the client',
      `client sent invalid header line: "${inner}" while reading client request headers`,
      'unrelated',
    ],
    ['a directory', `directory index of "/srv/${inner}/" is forbidden`, 'unrelated'],
  ])('%s', (_, message, kind) => {
    const line = parseErrorLine(`${head()}${message}${client}, request: "GET / HTTP/1.1", host: "a"`);
    expect(line?.kind).toBe(kind);
    expect(line?.upstream).toBeNull();
  });
});

test('a complete line out of a decoded URI is recognised by the record that it broke', () => {
  const fake = refusedBy(
    ', client: 1.1.1.1, server: 0.0.0.0:80, upstream: "6.6.6.6:6", bytes from/to client:0/0, bytes from/to upstream:0/0',
  );
  const found: string[] = [];
  const reader = errorLineReader(tellingSink((state) => found.push(state)));
  const record = `${head()}open() "/srv/x\n${fake}\n" failed (2: No such file or directory)${client}, request: "GET /x%0a HTTP/1.1", host: "a"`;
  for (const line of record.split('\n')) reader.read(line);
  reader.read(refusedBy(`${client}, request: "GET / HTTP/1.1"${up}, host: "a"`));
  reader.end();
  expect(found).toEqual(['line', 'forged', 'continuation', 'line']);
});

test.each([
  ['quotes', '"'],
  ['commas', ', '],
  ['upstream fields', '", upstream: "'],
  ['schemes', '", upstream: "http://'],
  ['actions', ' while '],
  ['known actions', ' while reading '],
  ['numbers', ' (1: '],
  ['versions', ' HTTP/1.1"'],
  ['server fields', ', server: '],
  ['clients', ', client: '],
  ['times', '2026/11/22 07:30:45 '],
  ['levels', '[error] 1#'],
  ['blanks', ' '],
  ['brackets', '['],
  ['escapes', '%22'],
  ['broken UTF-8', '\ufffd'],
])('two megabytes of %s end', (_, piece) => {
  const flood = piece.repeat(Math.ceil(2_000_000 / piece.length));
  for (const before of [
    '',
    head(),
    `${head()}upstream sent `,
    `${head()}connect() to `,
    refusedBy(`${client}, request: "GET /`),
    refusedBy(`${client}, request: "GET /%22 HTTP/1.1", subrequest: "/`),
    refusedBy(`${client}, request: "GET / HTTP/1.1", upstream: "http://unix:`),
    refusedBy(`${client}, request: "GET / HTTP/1.1", host: "`),
    refusedBy(`${client}, login: "`),
    refusedBy(', client: '),
  ]) {
    expect(() => parseErrorLine(before + flood)).not.toThrow();
  }
});
