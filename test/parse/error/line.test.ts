import { describe, expect, test } from 'vitest';
import type { ErrorLine } from '../../../collector/model.ts';
import { parseErrorLine, parseStrictErrorLine } from '../../../collector/parse/error/line.ts';
import { formatErrorRecord, formatUnmatched } from '../../../collector/parse/error/record.ts';
import { connecting, fields, head, peer, refused, request, streamFields } from './reader/lines.ts';

type Row = readonly [name: string, text: string, expected: Partial<ErrorLine>];

const prefixed: readonly Row[] = [
  ['at column 0', refused, { time: '2026-11-22T07:30:45', level: 'error', pid: 4027, tid: 4027, connection: 7 }],
  ['docker compose', `nginx_1       | ${refused}`, { time: '2026-11-22T07:30:45', pid: 4027 }],
  ['docker compose, colours', `\u001b[36mweb-nginx-1  |\u001b[0m ${refused}`, { pid: 4027 }],
  ['two stacked', `code.proxy | nginx.1    | ${refused}`, { pid: 4027 }],
  ['docker time', `2017-05-10T06:50:00.434167704Z ${refused}`, { time: '2026-11-22T07:30:45' }],
  ['a second bracketed word', `2026-05-15T15:24:40.863274563Z [err]  ${refused}`, { level: 'error' }],
  ['s6', `2026-03-03 22:57:31.972025232  ${refused}`, { time: '2026-11-22T07:30:45' }],
  ['stern', `web-5f web 2024-10-21T10:41:45.462803094+02:00 ${refused}`, { pid: 4027 }],
  ['journald', `Mar 12 23:19:28 vidar nginx[157907]: ${refused}`, { pid: 4027 }],
  ['docker through journald', `6e4e2a7a68ce[2500279]: ${refused}`, { pid: 4027 }],
  ['syslog datagram', `<187>Nov 22 07:30:45 web1 nginx: ${refused}`, { pid: 4027 }],
  ['syslog datagram without a host', `<187>Nov 22 07:30:45  nginx: ${refused}`, { pid: 4027 }],
  ['CRI', `2026-11-22T07:30:45.1Z stderr F ${refused}`, { pid: 4027 }],
  ['no time', refused.slice(20), { time: null, level: 'error', pid: 4027, connection: 7 }],
  ['bracket lost', refused.slice(21), { level: 'error', pid: 4027, connection: 7 }],
  ['cut in the level', refused.slice(23), { level: null, pid: 4027 }],
  ['cut in the pid', refused.slice(30), { level: null, pid: null, tid: 4027, connection: 7 }],
  ['from the connection', refused.slice(refused.indexOf('*7')), { pid: null, tid: null, connection: 7 }],
  ['from the message', refused.slice(refused.indexOf('connect()')), { level: null, connection: null }],
  ['blank before the tid', refused.replace('4027#', '4027 #'), { pid: 4027, tid: 4027 }],
  ['no pid', `[error] ${refused.slice(refused.indexOf('connect()'))}`, { level: 'error', pid: null }],
  ['CRLF', `${refused}\r\n`, { truncated: false }],
  ['trailing blanks', `${refused}   `, { truncated: false }],
];

test.each(prefixed)('prefix: %s', (_, text, expected) => {
  const line = parseErrorLine(text);
  expect(line).toMatchObject({ kind: 'refused', errno: 111, message: 'connect() failed', ...expected });
  expect(line?.upstream).toEqual({ scheme: 'http', peer, uri: '/a?b=c' });
});

test('start-up on stderr', () => {
  const text = 'Jan 18 02:36:12 www nginx[1305]: nginx: [emerg] bind() to [::]:80 failed (98: Address already in use)';
  expect(parseErrorLine(text)).toMatchObject({ time: null, level: 'emerg', pid: null, errno: 98, kind: 'unrelated' });
});

test.each([
  ['empty', ''],
  ['blank', '   '],
  ['stack trace', '#0 /var/www/html/index.php(12): foo()'],
  ['end of a FastCGI message', `#1 {main}" while reading response header from upstream${fields}`],
  ['end of a cut message', `failed (111: Connection refused)${connecting}${fields}`],
  ['access log', '192.0.2.7 - - [22/Nov/2026:07:30:45 +0000] "GET / HTTP/1.1" 502 157 "-" "curl/7.88.1"'],
  [
    'an error line in the User-Agent of an access log line',
    `192.0.2.7 - - [22/Nov/2026:07:30:45 +0000] "GET / HTTP/1.1" 502 157 "-" "${refused}"`,
  ],
  ['level of another program', '[error] something failed'],
  ['Apache', '[Sun Nov 22 07:30:45 2026] [error] [client 192.0.2.7] connect() failed'],
  ['bullet', '*6 things to know'],
  ['NUL', '\u0000'],
])('no nginx line: %s', (_, text) => {
  expect(parseErrorLine(text)).toBeNull();
});

const upstreams: readonly Row[] = [
  ...['http', 'https', 'fastcgi', 'uwsgi', 'suwsgi', 'scgi', 'grpc', 'grpcs', 'memcached', 'passenger'].map(
    (scheme): Row => [
      `${scheme}://`,
      `${scheme}://127.0.0.1:9000`,
      { upstream: { scheme, peer: '127.0.0.1:9000', uri: null } },
    ],
  ),
  ['IPv6', 'http://[::1]:8080/a', { upstream: { scheme: 'http', peer: '[::1]:8080', uri: '/a' } }],
  [
    'IPv6, FastCGI',
    'fastcgi://[2001:db8::1]:9000',
    { upstream: { scheme: 'fastcgi', peer: '[2001:db8::1]:9000', uri: null } },
  ],
  ['redacted IPv6', 'http://[xxxx::xxxx]:80/a', { upstream: { scheme: 'http', peer: '[xxxx::xxxx]:80', uri: '/a' } }],
  ['group', 'http://backend/a', { upstream: { scheme: 'http', peer: 'backend', uri: '/a' } }],
  ['redacted', 'https://<ip>/a', { upstream: { scheme: 'https', peer: '<ip>', uri: '/a' } }],
  [
    'redacted with a port',
    'https://OLD-SERVER-IP:8443/a',
    { upstream: { scheme: 'https', peer: 'OLD-SERVER-IP:8443', uri: '/a' } },
  ],
  [
    'unix with a URI',
    'http://unix:/run/x.sock:/api/',
    { upstream: { scheme: 'http', peer: 'unix:/run/x.sock', uri: '/api/' } },
  ],
  [
    'unix without a URI',
    'fastcgi://unix:/run/x.sock:',
    { upstream: { scheme: 'fastcgi', peer: 'unix:/run/x.sock', uri: null } },
  ],
  [
    'unix without the colon',
    'http://unix:/run/x.sock/api:/x',
    { upstream: { scheme: 'http', peer: 'unix:/run/x.sock', uri: '/api:/x' } },
  ],
  [
    'unix without colon or URI',
    'fastcgi://unix:/run/php',
    { upstream: { scheme: 'fastcgi', peer: 'unix:/run/php', uri: null } },
  ],
  [
    'unix, three slashes',
    'uwsgi://unix:///tmp/u.sock:',
    { upstream: { scheme: 'uwsgi', peer: 'unix:///tmp/u.sock', uri: null } },
  ],
  [
    'unix, colons in the path',
    'http://unix:/run/a:1.sock:/x:/y',
    { upstream: { scheme: 'http', peer: 'unix:/run/a:1.sock', uri: '/x:/y' } },
  ],
  [
    'unix, a URL in the arguments',
    'http://unix:/run/app:/x?u=http://e/',
    { upstream: { scheme: 'http', peer: 'unix:/run/app', uri: '/x?u=http://e/' } },
  ],
  [
    'unix, a dot sock folder',
    'http://unix:/run/x.socks/app:/x',
    { upstream: { scheme: 'http', peer: 'unix:/run/x.socks/app', uri: '/x' } },
  ],
  ['no scheme in a request', '127.0.0.1:80', { upstream: null }],
  ['merged slashes', 'http:/127.0.0.1:80/', { upstream: null }],
  ['no peer', 'http:///a', { upstream: null }],
  ['nothing', '', { upstream: null }],
];

test.each(upstreams)('upstream: %s', (_, text, expected) => {
  const line = `${head()}connect() failed (111: Connection refused)${connecting}${request}, upstream: "${text}", host: "a"`;
  expect(parseErrorLine(line)).toMatchObject({ ...expected, host: 'a', kind: 'refused', truncated: false });
});

describe('fields', () => {
  const rows: readonly Row[] = [
    [
      'all of http',
      refused,
      {
        protocol: 'http',
        action: 'connecting to upstream',
        client: '192.0.2.7',
        server: 'www.example.org',
        request: 'GET /a?b=c HTTP/1.1',
        subrequest: null,
        host: 'www.example.org',
        referrer: 'https://example.org/',
        login: null,
      },
    ],
    [
      'subrequest',
      refused.replace(', upstream:', ', subrequest: "/auth", upstream:'),
      { subrequest: '/auth', upstream: { scheme: 'http', peer, uri: '/a?b=c' } },
    ],
    ['no server_name', refused.replace('www.example.org', ''), { server: '', request: 'GET /a?b=c HTTP/1.1' }],
    [
      'server_name is a regex',
      refused.replace('server: www.example.org', 'server: ~^(a|b{1,3}), "x"$'),
      { server: '~^(a|b{1,3}), "x"$', client: '192.0.2.7' },
    ],
    ['unix client', refused.replace('192.0.2.7', 'unix:'), { client: 'unix:' }],
    ['IPv6 client', refused.replace('192.0.2.7', '::ffff:192.0.2.7'), { client: '::ffff:192.0.2.7' }],
    ['no client', refused.replace('192.0.2.7', ''), { client: '', server: 'www.example.org' }],
    [
      'comma lost by an editor',
      refused.replace('7, server', '7 server'),
      { client: '192.0.2.7', server: 'www.example.org' },
    ],
    ['quote lost by an editor', refused.replace('host: "', 'host: '), { host: 'www.example.org' }],
    [
      'only the upstream left',
      `[error] 2#2: *1 connect() failed (111: Connection refused)${connecting}, upstream: "http://127.0.0.1:9000/"`,
      { protocol: 'http', client: null, upstream: { scheme: 'http', peer: '127.0.0.1:9000', uri: '/' } },
    ],
    [
      'request id behind',
      `${refused}, request_id: "0a1b2c3d4e5f"`,
      { referrer: `https://example.org/", request_id: "0a1b2c3d4e5f`, truncated: false },
    ],
    [
      'request id behind the host',
      `${refused.replace(/, referrer.*/, '')}, request_id: "0a1b2c3d4e5f"`,
      { host: 'www.example.org', truncated: false },
    ],
    [
      'stream',
      `${head()}connect() failed (111: Connection refused)${connecting}${streamFields}`,
      {
        protocol: 'stream',
        client: '192.0.2.7',
        server: '0.0.0.0:6443',
        upstream: { scheme: null, peer: '127.0.0.1:3306', uri: null },
        request: null,
        truncated: false,
      },
    ],
    [
      'stream over unix',
      head() +
        `connect() to unix:/run/x.sock failed (2: x)${connecting}${streamFields.replace('127.0.0.1:3306', 'unix:/run/x.sock')}`,
      { protocol: 'stream', upstream: { scheme: null, peer: 'unix:/run/x.sock', uri: null } },
    ],
    [
      'udp',
      head() +
        `recv() failed (111: x) while proxying and reading from upstream${streamFields.replace(', client', ', udp client')}`,
      { protocol: 'stream', client: '192.0.2.7' },
    ],
    [
      'mail',
      head() +
        'recv() failed (111: x) while reading response from upstream, client: 192.0.2.7 using starttls, server: 0.0.0.0:143, login: "bob", upstream: [::1]:143',
      {
        protocol: 'mail',
        client: '192.0.2.7',
        server: '0.0.0.0:143',
        login: 'bob',
        upstream: { scheme: null, peer: '[::1]:143', uri: null },
      },
    ],
    [
      'mail without a login',
      head() +
        'recv() failed (111: x) while reading response from upstream, client: 192.0.2.7, server: 0.0.0.0:25, upstream: 127.0.0.1:25',
      { protocol: 'mail', login: null, upstream: { scheme: null, peer: '127.0.0.1:25', uri: null } },
    ],
    [
      'no request yet',
      `${head('info')}client timed out (110: x) while waiting for request, client: 192.0.2.7, server: 0.0.0.0:80`,
      { protocol: 'http', server: '0.0.0.0:80', truncated: false },
    ],
    [
      'handshake of a client',
      head('info') +
        'peer closed connection in SSL handshake while SSL handshaking, client: 192.0.2.7, server: 0.0.0.0:443',
      { protocol: null, server: '0.0.0.0:443' },
    ],
    [
      'a name that nothing resolves',
      'x could not be resolved (3: Host not found), client: 192.0.2.7, server: , request: "GET / HTTP/1.1", host: "a"',
      { errno: null, message: 'x could not be resolved (3: Host not found)', upstream: null },
    ],
    [
      'certificate number',
      head() +
        `upstream SSL certificate verify error: (18:self-signed certificate) while SSL handshaking to upstream${fields}`,
      { errno: null, message: 'upstream SSL certificate verify error: (18:self-signed certificate)' },
    ],
    [
      'third-party action',
      head() +
        'upstream timed out (110: x) while connecting to upstream(proxy_connect), client: 192.0.2.7, server: , request: "CONNECT a:443 HTTP/1.1", host: "a:443"',
      { action: 'connecting to upstream(proxy_connect)', kind: 'timed_out', upstream: null },
    ],
    [
      'third-party peer',
      head() +
        'proxy_connect: upstream connect timed out (peer:192.0.2.9:443) while connecting to upstream, client: 192.0.2.7, server: , request: "CONNECT a:443 HTTP/1.1", host: "a:443"',
      { errno: null, upstream: { scheme: null, peer: '192.0.2.9:443', uri: null } },
    ],
    [
      'HTTP/0.9',
      head() +
        `connect() failed (111: x)${connecting}, client: 192.0.2.7, server: , request: "GET /x", upstream: "http://127.0.0.1:80/x"`,
      { request: 'GET /x', upstream: { scheme: 'http', peer: '127.0.0.1:80', uri: '/x' }, host: null },
    ],
    [
      'HTTP/0.9, subrequest',
      head() +
        `connect() failed (111: x)${connecting}, client: 192.0.2.7, server: , request: "GET /x", subrequest: "/auth", upstream: "http://127.0.0.1:80/auth"`,
      { request: 'GET /x', subrequest: '/auth', upstream: { scheme: 'http', peer: '127.0.0.1:80', uri: '/auth' } },
    ],
    [
      'HTTP/0.9 without upstream',
      `${head()}open() "/srv/x" failed (2: x), client: 192.0.2.7, server: , request: "GET /x"`,
      { request: 'GET /x', upstream: null },
    ],
    [
      'DNS server is no peer',
      `${head()}connect() to 192.0.2.53:53 failed (101: x) while resolving, resolver: 192.0.2.53:53`,
      { upstream: null },
    ],
  ];
  test.each(rows)('%s', (_, text, expected) => {
    expect(parseErrorLine(text)).toMatchObject(expected);
  });
});

describe('strict', () => {
  test('reads a line in place like the tolerant one', () => {
    expect(parseStrictErrorLine(refused)).toEqual(parseErrorLine(refused));
  });
  test.each(prefixed.slice(1, -2))('nothing may be missing or in front: %s', (_, text) => {
    expect(parseStrictErrorLine(text)).toBeNull();
  });
  test.each([
    ['by level', 'info', 'recv() failed (104: x) while proxying upgraded connection'],
    ['by its first words', 'error', 'open() "/srv/x" failed (2: No such file or directory)'],
  ])('noise is %s, and its fields are left alone', (_, level, text) => {
    expect(parseStrictErrorLine(head(level) + text + fields)).toMatchObject({
      kind: 'unrelated',
      pid: 4027,
      client: null,
      upstream: null,
    });
    expect(parseErrorLine(head(level) + text + fields)).toMatchObject({ kind: 'unrelated', client: '192.0.2.7' });
  });
});

test('a record has every key, always in the same order', () => {
  const line = parseErrorLine('no live upstreams while connecting to upstream');
  expect(line && formatErrorRecord(line)).toBe(
    '{"time":null,"level":null,"pid":null,"tid":null,"connection":null,"errno":null,"message":"no live upstreams","kind":"no_live","action":"connecting to upstream","protocol":null,"client":null,"server":null,"request":null,"subrequest":null,"upstream":null,"host":null,"referrer":null,"login":null,"truncated":true}',
  );
});

test('an upstream has its three keys', () => {
  const line = parseErrorLine(refused);
  expect(line && formatErrorRecord(line)).toContain(
    `"upstream":{"scheme":"http","peer":"${peer}","uri":"/a?b=c"},"host"`,
  );
});

test('an unmatched line is printed as it is', () => {
  expect(formatUnmatched('a "b"\t\ufffd')).toBe('{"unmatched":true,"line":"a \\"b\\"\\t\ufffd"}');
});
