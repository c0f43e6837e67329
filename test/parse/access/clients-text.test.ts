/** A client's text beside the fields that we want, with nothing that distinguishes them: no instance is made of it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readLogFormat } from '../../../collector/parse/access/format/log-format.ts';
import { readAccessLine } from '../../../collector/parse/access/json.ts';
import { createAccessMatcher } from '../../../collector/parse/access/match/matcher.ts';

function matcherOf(text: string) {
  const result = readLogFormat(text);
  if ('problem' in result) throw new Error(result.problem);
  return createAccessMatcher(result.format);
}
const read = (format: string, line: string) => {
  const found = readAccessLine(matcherOf(format), Buffer.from(`${line}\n`));
  if ('unmatched' in found) return 'unmatched';
  return [found.upstream, found.attempts.map(({ peer, status }) => `${peer} ${status}`).join(', ')].join(' | ');
};
const chrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36';

test.each([
  [
    'an unquoted request',
    '$remote_addr $request $upstream_addr $upstream_status',
    '192.0.2.1 GET /a HTTP/1.1 10.0.0.5:8080 200',
    ' | 10.0.0.5:8080 200',
  ],
  ['an unquoted browser', '$http_user_agent $upstream_addr', `${chrome} 10.0.0.5:8080`, ' | 10.0.0.5:8080 null'],
  ['the same, IPv6', '$http_user_agent $upstream_addr', `${chrome} [2001:db8::1]:80`, ' | [2001:db8::1]:80 null'],
  ['the same, a socket', '$http_user_agent $upstream_addr', `${chrome} unix:/run/x.sock`, ' | unix:/run/x.sock null'],
  [
    'retried',
    '$http_user_agent $upstream_addr $upstream_status',
    `${chrome} 10.0.0.5:80, 10.0.0.6:80 502, 200`,
    ' | 10.0.0.5:80 502, 10.0.0.6:80 200',
  ],
  [
    'redirected',
    '$http_user_agent $upstream_addr $upstream_status',
    `${chrome} 10.0.0.5:80 : 10.0.0.6:80 502 : 200`,
    ' | 10.0.0.5:80 502, 10.0.0.6:80 200',
  ],
  ['no live peer', '$http_user_agent $upstream_addr $upstream_status', `${chrome} shop 502`, ' | shop 502'],
  ['no upstream asked', '$http_user_agent $upstream_addr $upstream_status', `${chrome} - -`, ' | '],
  [
    'who it came from',
    '$http_x_forwarded_for $upstream_addr $upstream_status $request_time',
    '192.0.2.1, 198.51.100.7 10.0.0.5:80 200 0.001',
    ' | 10.0.0.5:80 200',
  ],
  [
    'the client names peers that could go before the real one',
    '$http_x_forwarded_for $upstream_addr $request_time',
    'x 9.9.9.9:80, 10.0.0.5:80 0.001',
    'unmatched',
  ],
  [
    'and where the statuses show how many there are',
    '$http_x_forwarded_for $upstream_addr $upstream_status',
    'x 9.9.9.9:80, 10.0.0.5:80 200',
    ' | 10.0.0.5:80 200',
  ],
  ['behind the peer', '$upstream_addr $http_user_agent', '10.0.0.5:80 : 9.9.9.9:80 x', 'unmatched'],
  ['behind the peer, harmless', '$upstream_addr $http_user_agent', `10.0.0.5:80 ${chrome}`, ' | 10.0.0.5:80 null'],
  [
    'a proxy_host behind a browser',
    '$http_user_agent $proxy_host $upstream_addr $upstream_status',
    `${chrome} shop 10.0.0.5:80 200`,
    'shop | 10.0.0.5:80 200',
  ],
  [
    'a complete row of fields from the client, in front of the real one',
    '$http_user_agent $upstream_addr $upstream_status $http_referer',
    'x 9.9.9.9:80 502 10.0.0.5:80 200 y',
    'unmatched',
  ],
  [
    'the same, where no peer was live',
    '$http_user_agent $upstream_addr $upstream_status $http_referer',
    'x 9.9.9.9:80 502 shop 502 -',
    'unmatched',
  ],
  [
    'nothing is escaped: quotes from the client',
    `log_format n escape=none '"$http_user_agent" "$upstream_addr" $upstream_status';`,
    '"x" "9.9.9.9:80" 502" "10.0.0.5:80" 200',
    ' | 10.0.0.5:80 200',
  ],
  [
    'nothing is escaped, and the client’s text continues behind',
    `log_format n escape=none '"$upstream_addr" "$http_user_agent" "$upstream_addr" $upstream_status "$http_referer"';`,
    '"10.0.0.5:80" "x" "9.9.9.9:80" 502 "y" "10.0.0.5:80" 200 "z"',
    'unmatched',
  ],
  [
    'a JSON number that is a client’s',
    `log_format j escape=json '{"a":$http_x,"peer":$upstream_addr}';`,
    '{"a":1,"peer":9.9.9.9:80,"peer":10.0.0.5:80}',
    ' | 10.0.0.5:80 null',
  ],
  [
    'quoted, as nginx escapes it',
    '"$http_user_agent" $upstream_addr',
    `"x 9.9.9.9:80" 10.0.0.5:80`,
    ' | 10.0.0.5:80 null',
  ],
])('%s', (_, format, line, expected) => {
  expect(read(format, line)).toBe(expected);
});

test.each([
  ['a browser where the peer should be', '"$request" $status "$upstream_addr"', `"GET / HTTP/1.1" 200 "${chrome}"`],
  ['a page', '"$request" $status "$upstream_addr"', '"GET / HTTP/1.1" 200 "https://example.org/a"'],
  ['a request', '$status "$upstream_addr"', '200 "GET / HTTP/1.1"'],
  ['a browser where the host should be', '"$proxy_host" "$upstream_addr"', `"${chrome}" "10.0.0.1:80"`],
  ['a page where the host should be', '"$proxy_host" $status', '"https://example.org/" 200'],
  ['the second of two', '$status "$upstream_addr"', '200 "10.0.0.1:80, GET / HTTP/1.1"'],
  ['in a format that one pass cannot decide', '$status$request_time"$upstream_addr"', '2000.001"GET / HTTP/1.1"'],
])('a line of another format that fits by chance: %s', (_, format, line) => {
  expect(read(format, line)).toBe('unmatched');
});

describe('no text of a client makes an instance, in any unquoted format', () => {
  const forged = ['9.9.9.9:81', 'evil', '[::9]:81', 'unix:/evil', '9.9.9.9:81, 9.9.9.8:81', '9.9.9.9:81 : 9.9.9.8:81'];
  const piece = fc.oneof(
    fc.constantFrom(
      ...forged,
      ' ',
      ', ',
      ' : ',
      '-',
      '502',
      '200',
      '0.001',
      '|',
      ']',
      '[',
      ';',
      'GET',
      '/a',
      'HTTP/1.1',
      'x',
    ),
    fc.string({ maxLength: 3 }).map((text) => text.replace(/[^ !#-[\]-~]/g, '')),
  );
  const clients = [
    '$http_user_agent',
    '$request',
    '$uri',
    '$args',
    '$http_x_forwarded_for',
    '$remote_user',
    '$arg_x',
    '$cookie_a',
  ];
  const ours = [
    '$upstream_addr',
    '$upstream_status',
    '$proxy_host',
    '$request_time',
    '$status',
    '$remote_addr',
    '$upstream_response_time',
  ];
  const format = fc
    .tuple(
      fc.shuffledSubarray([...clients.slice(0, 8)], { minLength: 1, maxLength: 3 }),
      fc.shuffledSubarray(ours, { minLength: 1, maxLength: 6 }),
      fc.constantFrom(' ', ' | ', '|', ', ', ' - ', ';', ' : ', '] ['),
      fc.constantFrom('default', 'none', 'json'),
    )
    .chain(([theirs, own, separator, mode]) =>
      fc
        .shuffledSubarray([...theirs, ...own, '$upstream_addr'], { minLength: theirs.length + own.length })
        .map((all) => ({
          variables: [...new Set([...all, '$upstream_addr'])],
          separator,
          mode,
        })),
    );
  const answer = fc.constantFrom(
    { peers: '10.0.0.5:80', statuses: '200', times: '0.001', host: 'shop' },
    { peers: '10.0.0.5:80, 10.0.0.6:80', statuses: '502, 200', times: '0.000, 0.001', host: 'shop' },
    { peers: '10.0.0.5:80 : 10.0.0.6:80', statuses: '502 : 200', times: '0.000 : 0.001', host: 'shop' },
    { peers: 'shop', statuses: '502', times: '0.000', host: 'shop' },
    { peers: '-', statuses: '-', times: '-', host: '-' },
  );

  test('a separator of lists between fields is the name of no group', () => {
    const variables = ['$uri', '$upstream_addr', '$cookie_a', '$request_time', '$upstream_status', '$proxy_host'];
    const found = readAccessLine(
      matcherOf(`log_format f '${[...variables, '$remote_addr'].join(' ')}';`),
      Buffer.from('HTTP/1.1 10.0.0.5:80 : 10.0.0.6:80  0.002 502 : 200 shop 192.0.2.1\n'),
    );
    expect('upstream' in found ? found.upstream : null).not.toBe(':');
  });

  test('whatever it sends', () => {
    fc.assert(
      fc.property(
        format,
        answer,
        fc.array(fc.array(piece, { maxLength: 8 }), { minLength: 3, maxLength: 3 }),
        (how, said, texts) => {
          const { variables, separator, mode } = how;
          const own: Record<string, string> = {
            $upstream_addr: said.peers,
            $upstream_status: said.statuses,
            $upstream_response_time: said.times,
            $proxy_host: said.host,
            $request_time: '0.002',
            $status: '200',
            $remote_addr: '192.0.2.1',
          };
          let next = 0;
          const values = variables.map((name) => own[name] ?? texts[next++ % 3]?.join('') ?? '');
          const line = values.join(separator);
          // nginx answers 400 to what begins with no method, and asks no upstream.
          const request = values[variables.indexOf('$request')] ?? 'GET';
          if (!/^[A-Z]/.test(request)) return;
          const found = readAccessLine(
            matcherOf(`log_format f escape=${mode} '${variables.join(separator)}';`),
            Buffer.from(`${line}\n`),
          );
          if ('unmatched' in found) return;
          const names = [found.upstream, ...found.attempts.map(({ peer }) => peer)].filter((name) => name !== null);
          for (const name of names) expect(['10.0.0.5:80', '10.0.0.6:80', 'shop']).toContain(name);
        },
      ),
      { numRuns: 3000, interruptAfterTimeLimit: 8000 },
    );
  });
});
