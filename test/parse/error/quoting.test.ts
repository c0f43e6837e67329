/** What clients have nginx print inside its messages is no failure, whatever it says. */
import { describe, expect, test } from 'vitest';
import { parseErrorLine, parseStrictErrorLine } from '../../../collector/parse/error/line.ts';
import { errorLineReader } from '../../../collector/parse/error/reader.ts';
import { head, request, tellingSink } from './reader/lines.ts';

const texts = {
  refused: 'connect() failed (111: x) while connecting to upstream',
  'with a peer': 'a (111: x) while connecting to upstream, upstream: "http://10.0.0.7:80/", host: "a',
  'as a health check': 'a while connecting to upstream, health check "ok" of peer 10.0.0.7:80 in upstream "app"',
  'behind a quote': 'a" (111: x) while connecting to upstream',
  timed: 'a while reading response header from upstream',
};
const messages = {
  'auth_basic, a wrong password': (text: string) => `user "${text}": password mismatch`,
  'auth_basic, an unknown user': (text: string) => `user "${text}" was not found in "/etc/nginx/.htpasswd"`,
  'rewrite, a cycle': (text: string) => `rewrite or internal redirection cycle while processing "/${text}"`,
  'a redirection cycle': (text: string) =>
    `rewrite or internal redirection cycle while internally redirecting to "/${text}"`,
  'dav, another host': (text: string) =>
    `"Destination" URI "http://a/${text}" is handled by different repository than the source URI`,
  'an unsafe URI': (text: string) => `unsafe URI "/${text}" was detected`,
  'a WAF': (text: string) => `[client 192.0.2.7] ModSecurity: Access denied with code 403 (phase 2). [data "${text}"]`,
  'another WAF': (text: string) => `NAXSI_FMT: ip=192.0.2.7&server=a&uri=/${text}&total_processed=1`,
  'a script in JavaScript': (text: string) => `js: ${text}`,
  'a script in Perl': (text: string) => `perl: ${text}`,
};

describe.each(Object.entries(messages))('%s', (_, message) => {
  test.each(Object.entries(texts))('%s', (__, text) => {
    const record = `${head()}${message(text)}${request}, host: "a"`;
    // The second one is what a line feed of the client's leaves of nginx's line.
    for (const line of [record, record.slice(0, record.indexOf(text) + text.length)]) {
      expect(parseErrorLine(line)).toMatchObject({ kind: 'unrelated', upstream: null });
      expect(parseStrictErrorLine(line)).toMatchObject({ kind: 'unrelated', upstream: null });
    }
  });
});

test('a user name with a line feed just before the end of nginx’s buffer', () => {
  const counted: string[] = [];
  const reader = errorLineReader(tellingSink((state, text) => void (state === 'line' && counted.push(text))));
  const text = texts['as a health check'];
  const begin = `${head()}user "`;
  reader.read(begin + 'a'.repeat(2046 - begin.length - text.length) + text);
  reader.read('');
  reader.end();
  expect(counted.map((line) => parseErrorLine(line)?.kind)).toEqual(['unrelated']);
});

describe('health checks of NGINX Plus, with what real ones have', () => {
  const check = ', health check "app_match" of peer 10.0.0.7:80 in upstream "app"';
  test.each([
    // Of stream's the number of the connection is there; a check of another port names that.
    [
      'stream',
      `${head('error', '*8192 ')}upstream timed out (110: x) while connecting to upstream${check}`,
      'timed_out',
    ],
    ['a port', `${head('warn', '')}peer is unhealthy while checking status code${check}, port 8081`, 'disabled'],
    [
      'a port',
      `${head('error', '')}connect() failed (111: x) while connecting to upstream${check}, port 8081`,
      'refused',
    ],
  ])('%s: %s', (_, line, kind) => {
    const expected = { kind, truncated: false, checked: 'app', upstream: { peer: '10.0.0.7:80' } };
    expect(parseErrorLine(line)).toMatchObject(expected);
    expect(parseStrictErrorLine(line)).toMatchObject(expected);
  });
});

describe('health checks of modules and of Lua’s libraries', () => {
  const down = 'healthcheck: peer 10.0.0.7:80 is turned down after 3 failure(s)';
  test.each([
    `${head('error', '')}disable check peer: 10.0.0.7:80 `,
    `${head('warn', '')}[stream] app: a.example addr=10.0.0.7:80 down`,
    `${head('warn')}[lua] healthcheck.lua:57: ${down}, context: ngx.timer`,
    `${head('warn')}[lua] healthcheck.lua:57: warn(): ${down} in upstream app, context: ngx.timer`,
    `${head('warn')}[lua] healthcheck.lua:9: log(): [healthcheck] (1:a) unhealthy HTTP increment (5/5) for 'a(10.0.0.7:80)', context: ngx.timer`,
  ])('name the peer that they take out, and are no forgery: %s', (line) => {
    const counted: unknown[] = [];
    const reader = errorLineReader(tellingSink((state, text) => void counted.push([state, text])));
    reader.read(line);
    reader.end();
    expect(counted).toEqual([['line', line]]);
    expect(parseErrorLine(line)).toMatchObject({ kind: 'disabled', upstream: { peer: '10.0.0.7:80' } });
    expect(parseStrictErrorLine(line)).toMatchObject({ kind: 'disabled', upstream: { peer: '10.0.0.7:80' } });
  });

  test.each([
    `${head('warn')}[lua] app.lua:57: ${down}, context: ngx.timer`,
    `${head('warn')}[lua] app.lua:57: [lua] healthcheck.lua:57: ${down}${request}`,
    `${head()}user "disable check peer: 10.0.0.7:80" was not found in "/etc/nginx/.htpasswd"${request}`,
    `${head('warn')}[lua] healthcheck.lua:57: warn(): ${down} x, context: ngx.timer`,
  ])('another script’s words make none: %s', (line) => {
    expect(parseErrorLine(line)).toMatchObject({ kind: 'unrelated', upstream: null });
  });
});
