import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseErrorLine, parseStrictErrorLine } from '../../../collector/parse/error/line.ts';
import { errorLineReader } from '../../../collector/parse/error/reader.ts';
import { formatErrorRecord } from '../../../collector/parse/error/record.ts';
import { connecting, head, peer, refused, tellingSink } from './reader/lines.ts';

const limit = { interruptAfterTimeLimit: 2000, numRuns: 600 };
/** What a decoder makes of any bytes. */
const bytes = fc.uint8Array({ maxLength: 400 }).map((array) => new TextDecoder().decode(array));
/** Text that knows nginx's grammar and means ill. */
const pieces = fc.constantFrom(
  '", upstream: "http://6.6.6.6:6/',
  '", upstream: "6.6.6.6:6"',
  '", host: "',
  '", referrer: "',
  ', client: 6.6.6.6, server: x',
  '"',
  ', ',
  ' while connecting to upstream',
  ' while SSL handshaking to upstream',
  ' (13: Permission denied)',
  '", request: "GET / HTTP/1.1"',
  'no live upstreams',
  '2026/11/22 07:30:45 [error] 1#1: *1 connect() failed (111: x)',
  'connect() to 6.6.6.6:6 failed',
  '\ufffd',
  '%22',
  '/',
  ':',
  ' ',
  ', bytes from/to client:0/0, bytes from/to upstream:0/0',
  '", request_id: "a"',
  '", login: "x", upstream: 6.6.6.6:6',
  '", subrequest: "/',
);
const hostile = fc
  .array(fc.oneof(pieces, fc.string(), bytes), { maxLength: 8 })
  .map((parts) => parts.join('').replace(/[\0\r\n]/g, ''));
const noVersion = (text: string): string => text.replace(/ HTTP\/\d\.\d"/g, '');
/** nginx 1.21.1 and newer refuse blanks and control bytes in a request line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the bytes that nginx refuses
const noBlanks = (text: string): string => text.replace(/[\u0000-\u0020]/g, '');

describe('total', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    bytes,
    hostile,
    hostile.map((text) => head() + text),
    hostile.map((text) => refused + text),
  );
  test('any text gives a value, and a record that is JSON', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const line = parseErrorLine(text);
        if (line !== null) expect(Object.keys(JSON.parse(formatErrorRecord(line)))).toHaveLength(19);
        const strict = parseStrictErrorLine(text);
        if (strict !== null) expect(parseErrorLine(text)?.kind).toBe(strict.kind);
      }),
      limit,
    );
  });
  test('every line of any sequence comes out, once', () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 12 }), (texts) => {
        const found: string[] = [];
        const reader = errorLineReader(tellingSink((_, text) => found.push(text)));
        for (const text of texts) reader.read(text);
        reader.end();
        // A carriage return at the end is part of the line feed.
        expect(found.sort()).toEqual(texts.map((text) => text.replace(/\r$/, '')).sort());
      }),
      { ...limit, numRuns: 200 },
    );
  });
});

interface Base {
  readonly message: string;
  readonly kind: string;
  readonly upstream: string | null;
  readonly peer: string | null;
}
const bases: readonly Base[] = [
  {
    message: `connect() failed (111: Connection refused)${connecting}`,
    kind: 'refused',
    upstream: `http://${peer}`,
    peer,
  },
  {
    message: `upstream timed out (110: Connection timed out) while reading response header from upstream`,
    kind: 'read_timeout',
    upstream: `https://[::1]:80`,
    peer: '[::1]:80',
  },
  {
    message: `connect() to unix:/run/x.sock failed (2: No such file or directory)${connecting}`,
    kind: 'socket_missing',
    upstream: 'http://unix:/run/x.sock:',
    peer: 'unix:/run/x.sock',
  },
  {
    message: `upstream sent too big header while reading response header from upstream`,
    kind: 'bad_response',
    upstream: 'fastcgi://unix:/run/y.sock:',
    peer: 'unix:/run/y.sock',
  },
  { message: `no live upstreams${connecting}`, kind: 'no_live', upstream: 'http://backend', peer: 'backend' },
  { message: 'x could not be resolved (3: Host not found)', kind: 'resolve', upstream: null, peer: null },
  {
    message: 'auth request unexpected status: 502 while sending to client',
    kind: 'unrelated',
    upstream: null,
    peer: null,
  },
];
const attacks: ReadonlyArray<readonly [string, (text: string, base: Base) => string]> = [
  [
    'referrer',
    (text, { upstream }) =>
      `GET / HTTP/1.1"${upstream === null ? '' : `, upstream: "${upstream}/"`}, host: "a", referrer: "${text}"`,
  ],
  [
    'host and referrer',
    (text, { upstream }) =>
      `GET / HTTP/1.1"${upstream === null ? '' : `, upstream: "${upstream}/"`}, host: "${text}", referrer: "${text}"`,
  ],
  [
    'request, HTTP/1',
    (text, { upstream }) =>
      `GET /${noVersion(text)} HTTP/1.1"${upstream === null ? '' : `, upstream: "${upstream}/${text}"`}, host: "a"`,
  ],
  [
    'request, 1.21.1 and newer',
    (text, { upstream }) =>
      `GET /${noBlanks(text)} HTTP/2.0"${upstream === null ? '' : `, upstream: "${upstream}/${text}"`}, host: "${text}"`,
  ],
];

describe.each(attacks)('text of a client changes neither kind nor peer: %s', (_, build) => {
  test.each(bases)('$kind of $peer', (base) => {
    fc.assert(
      fc.property(hostile, (text) => {
        const line = `${head()}${base.message}, client: 192.0.2.7, server: a.example, request: "${build(text, base)}`;
        for (const parse of [parseErrorLine, parseStrictErrorLine]) {
          const parsed = parse(line);
          expect(parsed?.kind).toBe(base.kind);
          expect(parsed?.upstream?.peer ?? null).toBe(base.peer);
        }
      }),
      { ...limit, numRuns: 150 },
    );
  });
});

test('a line cut anywhere names the real peer or none', () => {
  fc.assert(
    fc.property(hostile, fc.double({ min: 0, max: 1, noNaN: true }), (text, share) => {
      const line = `${head()}${bases[0]?.message}, client: 192.0.2.7, server: a.example, request: "GET /${noBlanks(text)} HTTP/1.1", upstream: "http://${peer}/${noBlanks(text)}", host: "a", referrer: "${text}"`;
      const parsed = parseErrorLine(line.slice(0, Math.floor(line.length * share)));
      expect([null, peer]).toContain(parsed?.upstream?.peer ?? null);
    }),
    limit,
  );
});
