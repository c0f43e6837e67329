import { expect, test } from 'vitest';
import { readLogFormat } from '../../../collector/parse/access/format/log-format.ts';
import { readAccessLine } from '../../../collector/parse/access/json.ts';
import { createAccessMatcher } from '../../../collector/parse/access/match/matcher.ts';

const read = (format: string, line: string) => {
  const result = readLogFormat(format);
  if ('problem' in result) throw new Error(result.problem);
  return readAccessLine(createAccessMatcher(result.format), Buffer.from(`${line}\n`));
};

/** `peer status connect header response`, `*` in front of one that came after an internal redirect. */
const brief = (format: string, line: string) => {
  const found = read(format, line);
  if ('unmatched' in found) return 'unmatched';
  const attempts = found.attempts.map(
    ({ peer, status, connectMs, headerMs, responseMs, redirected }) =>
      `${redirected ? '*' : ''}${[peer, status, connectMs, headerMs, responseMs].map((v) => v ?? '-').join(' ')}`,
  );
  return [found.status ?? '-', ...attempts].join(' | ');
};

const full =
  '$status $request_time "$upstream_addr" "$upstream_status" "$upstream_connect_time" "$upstream_header_time" "$upstream_response_time"';

test.each([
  ['refused, single peer', '502 0.000 "127.0.0.1:18901" "502" "-" "-" "0.000"', '502 | 127.0.0.1:18901 502 - - 0'],
  [
    'refused, then answered by the next peer',
    '200 0.001 "10.0.0.1:80, 10.0.0.2:80" "502, 200" "-, 0.000" "-, 0.001" "0.000, 0.001"',
    '200 | 10.0.0.1:80 502 - - 0 | 10.0.0.2:80 200 0 1 1',
  ],
  ['no live peer: the name of the group', '502 0.000 "dead2" "502" "-" "-" "0.000"', '502 | dead2 502 - - 0'],
  [
    'error_page to another upstream',
    '200 0.003 "a:1, b:1 : c:1" "502, 502 : 200" "-, - : 0.000" "-, - : 0.002" "0.000, 0.000 : 0.002"',
    '200 | a:1 502 - - 0 | b:1 502 - - 0 | *c:1 200 0 2 2',
  ],
  ['client abort while waiting', '499 0.500 "a:1" "-" "0.001" "-" "0.499"', '499 | a:1 - 1 - 499'],
  ['client abort while connecting', '499 0.500 "a:1" "-" "-" "-" "0.500"', '499 | a:1 - - - 500'],
  ['no upstream asked', '404 0.000 "-" "-" "-" "-" "-"', '404'],
  ['no upstream asked, empty', '404 0.000 "" "" "" "" ""', '404'],
  ['unix socket', '200 0.000 "unix:/run/x.sock" "200" "0.000" "0.000" "0.000"', '200 | unix:/run/x.sock 200 0 0 0'],
  [
    'unix socket with a blank in its path',
    '200 0.000 "unix:/run/x y" "200" "0.000" "0.000" "0.000"',
    '200 | unix:/run/x y 200 0 0 0',
  ],
  ['IPv6', '200 1.234 "[::1]:80" "200" "0.012" "1.000" "61.234"', '200 | [::1]:80 200 12 1000 61234'],
  [
    'redirect before a peer was chosen: nginx writes an empty element first',
    '200 0.003 ", a:1" "-, 200" "-, 0.000" "-, 0.001" "-, 0.001"',
    '200 | - - - - - | a:1 200 0 1 1',
  ],
  [
    'redirect to an upstream whose name did not resolve: an empty element last',
    '502 0.003 "a:1 : " "502 : -" "- : -" "- : -" "0.000 : -"',
    '502 | a:1 502 - - 0 | *- - - - -',
  ],
  ['lists of unequal length', '200 0.003 "a:1, b:1" "200" "0.000" "0.000" "0.000"', 'unmatched'],
  [
    'a longer time than 32 bits of milliseconds',
    '200 0.003 "a:1" "200" "9999999.000" "0.000" "0.000"',
    '200 | a:1 200 2147483647 0 0',
  ],
  ['text where a time belongs', '200 0.003 "a:1" "200" "x" "0.000" "0.000"', 'unmatched'],
  ['something after the end', '502 0.000 "a:1" "502" "-" "-" "0.000" more', 'unmatched'],
  ['cut off', '502 0.000 "a:1" "502" "-" "-" "0.0', 'unmatched'],
  ['empty', '', 'unmatched'],
  ['NUL bytes', '\0\0\0\0', 'unmatched'],
])('attempts: %s', (_, line, expected) => {
  expect(brief(full, line)).toBe(expected);
});

test.each([
  [
    'unquoted lists',
    '$upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id',
    'a:80, b:80 0, 3 0.000, 0.005 502, 200 id',
    '- | a:80 502 - - 0 | b:80 200 - - 5',
  ],
  [
    'unquoted lists and a redirect',
    '$upstream_addr $upstream_status $request_time',
    'a:80 : b:80 502 : 200 0.001',
    '- | a:80 502 - - - | *b:80 200 - - -',
  ],
  [
    'glued: no separators at all',
    '"$status" $upstream_response_time$upstream_addr$upstream_status',
    '"502" 0.000127.0.0.1:21010502',
    '502 | 127.0.0.1:21010 502 - - 0',
  ],
  [
    'glued, two attempts',
    '"$status" $upstream_response_time$upstream_addr$upstream_status',
    '"200" 0.000, 0.001127.0.0.1:21010, 127.0.0.1:21001502, 200',
    '200 | 127.0.0.1:21010 502 - - 0 | 127.0.0.1:21001 200 - - 1',
  ],
  [
    'glued, a group name that ends in digits',
    '"$status" $upstream_response_time$upstream_addr$upstream_status',
    '"502" 0.000backend1502',
    '502 | backend1 502 - - 0',
  ],
  ['glued, unset', '"$status" $upstream_response_time$upstream_addr$upstream_status', '"404" ---', '404'],
  [
    'glued, client abort',
    '"$status" $upstream_response_time$upstream_addr$upstream_status',
    '"499" 0.010127.0.0.1:80-',
    '499 | 127.0.0.1:80 - - - 10',
  ],
  ['glued to a time', '$status $upstream_addr$request_time', '200 127.0.0.1:80800.123', '200 | 127.0.0.1:8080 - - - -'],
  [
    'separated by a colon',
    '$upstream_connect_time:$upstream_header_time:$upstream_response_time',
    '-, 0.001:-, 0.002:0.000, 0.003',
    '- | - - - - 0 | - - 1 2 3',
  ],
  [
    'separated by a comma',
    '$upstream_addr, $upstream_status, $upstream_response_time end',
    'a:80, b:80, 502, 200, 0.000, 0.001 end',
    '- | a:80 502 - - 0 | b:80 200 - - 1',
  ],
  [
    'address and status separated by a colon',
    '$upstream_addr:$upstream_status',
    '127.0.0.1:80, [::1]:81:502, 200',
    '- | 127.0.0.1:80 502 - - - | [::1]:81 200 - - -',
  ],
  [
    'broken JSON: bare numbers',
    '{"s":$status,"us":$upstream_status,"t":$upstream_response_time,"ua":"$http_user_agent"}',
    '{"s":200,"us":502, 200,"t":0.000, 0.005,"ua":"x"}',
    '200 | - 502 - - 0 | - 200 - - 5',
  ],
  [
    'broken JSON: bare numbers, unset',
    '{"s":$status,"us":$upstream_status,"t":$upstream_response_time,"ua":"$http_user_agent"}',
    '{"s":404,"us":,"t":,"ua":""}',
    '404',
  ],
  [
    'arrows',
    '"$trace_id"---> $upstream_addr  <---ups_resp_time: $upstream_response_time request_time: $request_time$request_body',
    '"x"---> api  <---ups_resp_time: 0.000 request_time: 0.000-',
    '- | api - - - 0',
  ],
  ['braces', '${status}ms${request_time}', '200ms0.001', '200'],
  [
    'stream',
    '[$remote_addr] $protocol $status $session_time $upstream_addr "$upstream_connect_time"',
    '[::1] TCP 200 60.001 a:1, b:1 "-, 0.003"',
    '200 | a:1 - - - - | b:1 - 3 - -',
  ],
  ['one variable twice', '$status $upstream_addr $upstream_addr $status', '200 a:1 a:1 200', '200 | a:1 - - - -'],
  ['CRLF', '$status', '200\r', '200'],
  [
    'combined',
    'combined',
    '127.0.0.1 - - [22/Nov/2026:07:58:10 +0000] "GET / HTTP/1.1" 502 157 "-" "curl/7.88.1"',
    '502',
  ],
  [
    'combined with a forged status in the user agent',
    'combined',
    '127.0.0.1 - - [22/Nov/2026:07:58:10 +0000] "GET /\\x22 200 5 \\x22 HTTP/1.1" 502 157 "-" "\\x22 200 1 \\x22"',
    '502',
  ],
])('formats: %s', (_, format, line, expected) => {
  expect(brief(format, line)).toBe(expected);
});

test('the keys of parse access, in their order', () => {
  const format = `log_format t escape=json '{"s":$status,"m":"$request_method","h":"$proxy_host","rt":$request_time,' # comment; here
    "\\"ua\\":\\"$upstream_addr\\",\\"uct\\":\\"$upstream_connect_time\\"}";`;
  expect(JSON.stringify(read(format, '{"s":200,"m":"GET","h":"app","rt":0.012,"ua":"a:1","uct":"0.001"}'))).toBe(
    '{"status":200,"requestTimeMs":12,"method":"GET","upstream":"app","attempts":[{"peer":"a:1","status":null,"connectMs":1,"headerMs":null,"responseMs":null,"redirected":false}]}',
  );
  expect(read(format, '{"s":400,"m":"","h":"","rt":0.000,"ua":"","uct":""}')).toEqual({
    status: 400,
    requestTimeMs: 0,
    method: null,
    upstream: null,
    attempts: [],
  });
  expect(read(format, 'nonsense \xff')).toEqual({ unmatched: true, line: 'nonsense \xff' });
});

test('a quote that a client sends ends no JSON value', () => {
  const format = `log_format t escape=json '{"agent":"$http_user_agent","ua":"$upstream_addr","us":"$upstream_status"}';`;
  const agent = 'x","ua":"10.6.6.6:80","us":"502"}'.replaceAll('"', '\\"');
  expect(brief(format, `{"agent":"${agent}","ua":"a:1","us":"200"}`)).toBe('- | a:1 200 - - -');
  expect(brief(format, `{"agent":"\\\\","ua":"a:1","us":"200"}`)).toBe('- | a:1 200 - - -');
});

test('escape=none: a backslash is a character, and a complete forged tail does not end the line', () => {
  const format = `log_format t escape=none 'agent:$http_user_agent\\tua:$upstream_addr\\tus:$upstream_status';`;
  expect(brief(format, 'agent:\\\tua:a:1\tus:200')).toBe('- | a:1 200 - - -');
  expect(brief(format, 'agent:x\tua:10.6.6.6:80\tus:502\tua:a:1\tus:200')).toBe('- | a:1 200 - - -');
});

test.each([
  ['docker compose', 'web-nginx-1  | '],
  ['forego inside compose', 'code.proxy | nginx.1    | '],
  ['a timestamp', '2017-05-10T06:50:00.434167704Z '],
  ['CRI', '2026-11-22T07:30:45.1+01:00 stdout F '],
  ['s6', '2026-03-03 22:57:31.972025232  '],
  ['syslog', '<190>Nov  2 07:30:45 host nginx: '],
  ['journald', 'Mar 12 23:19:28 vidar nginx[157907]: '],
  ['journald, short-iso', '2026-11-22T07:30:45+0000 vidar nginx[157907]: '],
  ['journald, short-precise', 'Nov 22 07:30:45.123456 vidar nginx[157907]: '],
  ['journald, short-full', 'Sun 2026-11-22 07:30:45 UTC vidar nginx[157907]: '],
  ['journald, short-monotonic', '[ 5193.123456] vidar nginx[157907]: '],
  ['journald, short-unix', '1795332645.123456 vidar nginx[157907]: '],
  ['journald, with-unit', 'Sun 2026-11-22 07:30:45 CET vidar nginx.service[157907]: '],
  ['a container in journald', 'Nov 22 07:30:45 vidar web/3f6f7824d4e2[812]: '],
  ['RFC 5424', '<190>1 2026-11-22T07:30:45.123Z vidar nginx 812 - - '],
  ['rsyslog’s file', '2026-11-22T07:30:45.123456+00:00 vidar nginx: '],
  ['swarm and forego', 'web_nginx.1.i4lo6342kqgk@node1    | nginx.1     | '],
  ['compose in colours', '\u001b[36mweb-1  | \u001b[0m'],
  ['compose with times', 'web-1  | 2026-11-22T07:30:45.123456789Z '],
  ['stern', 'nginx-7d5b9c-x2k4j nginx '],
  ['stern with times', 'nginx-7d5b9c-x2k4j nginx 2026-11-22T07:30:45.1+01:00 '],
  ['Heroku', '2026-11-22T07:30:45.932714+00:00 app[web.1]: '],
  ['Cloud Foundry', '2026-11-22T07:30:45.00+0100 [APP/PROC/WEB/0] OUT '],
  ['Fly', '2026-11-22T07:30:45Z app[3d8dd1] ams [info] '],
  ['aws logs tail', '2026-11-22T07:30:45.123000+00:00 nginx/nginx/3f6f7824d4e2 '],
  ['s6-log', '@400000006543210a1b2c3d4e '],
  ['svlogd', '2026-11-22_07:30:45.12345 '],
  ['foreman', '07:30:45 web.1  | '],
  ['PM2', '0|nginx  | '],
  ['grep', '/var/log/nginx/access.log.1:12:'],
  ['cat -n', '    12\t'],
  ['a mail', '> '],
])('behind a prefix: %s', (_, prefix) => {
  expect(
    brief('combined', `${prefix}127.0.0.1 - - [22/Nov/2026:07:58:10 +0000] "GET / HTTP/1.1" 502 157 "-" "-"`),
  ).toBe('502');
});

test.each([
  ['blanks at the end that the line has', '$status $upstream_addr  ', '502 10.0.0.1:80  ', '502 | 10.0.0.1:80 - - - -'],
  ['blanks that the line has lost', '$status $upstream_addr  ', '502 10.0.0.1:80', '502 | 10.0.0.1:80 - - - -'],
  ['and a carriage return', '$status $upstream_addr ', '502 10.0.0.1:80\r', '502 | 10.0.0.1:80 - - - -'],
  ['behind a quote', '$status "$upstream_addr" ', '502 "10.0.0.1:80"', '502 | 10.0.0.1:80 - - - -'],
  ['behind a text', '$upstream_status $http_user_agent ', '502 curl/8.0', '- | - 502 - - -'],
  [
    'in a format that one pass cannot decide',
    '$status $upstream_addr$request_time ',
    '200 10.0.0.1:80800.123',
    '200 | 10.0.0.1:8080 - - - -',
  ],
  ['beside a client’s text', '$http_user_agent $upstream_addr ', 'curl x 10.0.0.1:80', '- | 10.0.0.1:80 - - - -'],
  ['no blanks in the format: then none in the line', '$status $upstream_addr', '502 10.0.0.1:80 ', 'unmatched'],
])('blanks: %s', (_, format, line, expected) => {
  expect(brief(format, line)).toBe(expected);
});

test.each([
  ['one argument', `'$status $request_time'`],
  ['two arguments', `'$status ' '$request_time'`],
  ['with their end', `'$status ' '$request_time';`],
  ['over lines', `'$status '\n    '$request_time';\n`],
  ['with escape', `escape=json '$status $request_time'`],
  ['double quotes that are escaped inside', `"$status $request_time\\"\\""`],
  ['one without quotes behind it', `'$status ' $request_time`],
])('arguments pasted with their quotes: %s', (name, format) => {
  const line = name.startsWith('double') ? '200 0.001""' : '200 0.001';
  expect(read(format, line)).toMatchObject({ status: 200, requestTimeMs: 1 });
});

test.each([
  ['"$request" $status', '"GET / HTTP/1.1" 200'],
  ['"$request" $status "$http_user_agent"', '"GET / HTTP/1.1" 200 "x"'],
  ['[$time_local] $status', '[22/Nov/2026:07:30:45 +0000] 200'],
])('a format that begins with a quote or a bracket is none: %s', (format, line) => {
  expect(read(format, line)).toMatchObject({ status: 200 });
});

test.each([
  [
    'the service of ingress-nginx',
    '$status [$proxy_upstream_name] $upstream_addr',
    '200 [default-app-80] 10.0.0.1:80',
    'default-app-80',
  ],
  [
    'rather than the host',
    '$status $proxy_host [$proxy_upstream_name]',
    '200 upstream_balancer [default-app-80]',
    'default-app-80',
  ],
  [
    'whatever the order',
    '$status [$proxy_upstream_name] $proxy_host',
    '200 [default-app-80] upstream_balancer',
    'default-app-80',
  ],
  ['none', '$status [$proxy_upstream_name] $upstream_addr', '404 [-] -', null],
  ['empty', '$status [$proxy_upstream_name] $upstream_addr', '404 [] -', null],
  ['without it', '$status $proxy_host', '200 app', 'app'],
])('the upstream: %s', (_, format, line, upstream) => {
  expect(read(format, line)).toMatchObject({ upstream });
});

test('a line of ingress-nginx', () => {
  const format =
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id';
  const line =
    '192.0.2.1 - - [22/Nov/2026:07:30:45 +0000] "GET / HTTP/2.0" 200 612 "-" "curl/8" 35 0.002 [default-app-80] [] 10.1.0.5:80, 10.1.0.6:80 0, 612 0.000, 0.002 502, 200 5f1e';
  expect(read(format, line)).toEqual({
    status: 200,
    requestTimeMs: 2,
    method: null,
    upstream: 'default-app-80',
    attempts: [
      { peer: '10.1.0.5:80', status: 502, connectMs: null, headerMs: null, responseMs: 0, redirected: false },
      { peer: '10.1.0.6:80', status: 200, connectMs: null, headerMs: null, responseMs: 2, redirected: false },
    ],
  });
});
