/** The matcher against a naive reference, the fast way against the exact one, entire chunks against any split of them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readLogFormat } from '../../../collector/parse/access/format/log-format.ts';
import { compileAccess } from '../../../collector/parse/access/format/program.ts';
import { type AccessLine, readAccessLine } from '../../../collector/parse/access/json.ts';
import { createAccessLines, longestLine } from '../../../collector/parse/access/lines.ts';
import { createExactMatcher } from '../../../collector/parse/access/match/exact.ts';
import { createFastMatcher } from '../../../collector/parse/access/match/fast.ts';
import { createAccessMatcher } from '../../../collector/parse/access/match/matcher.ts';
import { newAccessRecord } from '../../../collector/parse/access/record.ts';
import { createNames } from '../../../collector/parse/names.ts';

function formatOf(text: string) {
  const result = readLogFormat(text);
  if ('problem' in result) throw new Error(result.problem);
  return result.format;
}

const quoted =
  '"$http_user_agent" $status $request_time $proxy_host "$upstream_addr" "$upstream_status" "$upstream_connect_time" "$upstream_header_time" "$upstream_response_time"';
const bare =
  '"$http_user_agent" $status $request_time $proxy_host $upstream_addr $upstream_status $upstream_connect_time $upstream_header_time $upstream_response_time';
const json = `log_format j escape=json '{"agent":"$http_user_agent","status":$status,"rt":$request_time,"up":"$proxy_host","ua":"$upstream_addr","us":$upstream_status,"c":$upstream_connect_time,"h":$upstream_header_time,"r":$upstream_response_time}';`;

const ms = fc.oneof(fc.nat(5), fc.nat(100_000));
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 4 });
const peer = fc.oneof(
  fc.tuple(fc.nat(255), fc.integer({ min: 1, max: 65_535 })).map(([a, port]) => `10.0.0.${a}:${port}`),
  fc.constantFrom('[::1]:80', 'unix:/run/x.sock', 'group', 'group1502'),
);
const attempt = fc.record({
  peer,
  status: maybe(fc.integer({ min: 100, max: 599 })),
  connectMs: maybe(ms),
  headerMs: maybe(ms),
  responseMs: maybe(ms),
});
const line = fc.record({
  status: fc.integer({ min: 100, max: 599 }),
  requestTimeMs: ms,
  upstream: maybe(fc.constantFrom('app', 'a.example:8080')),
  attempts: fc.array(attempt, { minLength: 1, maxLength: 6 }),
  passes: fc.nat(5),
  agent: fc.string({ maxLength: 30 }),
});
type Given = typeof line extends fc.Arbitrary<infer T> ? T : never;

const seconds = (value: number | null) => (value === null ? '-' : (value / 1000).toFixed(3));

/** What nginx would write (escape=default) under `quoted` and `bare`. */
function written({ status, requestTimeMs, upstream, attempts, passes, agent }: Given, format: string): string {
  const list = (show: (of: Given['attempts'][number]) => string) =>
    attempts.map((of, i) => (i === 0 ? '' : i === passes ? ' : ' : ', ') + show(of)).join('');
  const escaped = Array.from(Buffer.from(agent), (c) =>
    c < 32 || c > 126 || c === 34 || c === 92
      ? `\\x${c.toString(16).toUpperCase().padStart(2, '0')}`
      : String.fromCharCode(c),
  ).join('');
  const inJson = JSON.stringify(agent.replace(/[^ -~]/g, '?')).slice(1, -1);
  const values: Record<string, string> = {
    http_user_agent: format === json ? inJson : escaped,
    status: String(status),
    request_time: seconds(requestTimeMs),
    proxy_host: upstream ?? (format === json ? '' : '-'),
    upstream_addr: list((of) => of.peer),
    upstream_status: list((of) => (of.status === null ? '-' : String(of.status))),
    upstream_connect_time: list((of) => seconds(of.connectMs)),
    upstream_header_time: list((of) => seconds(of.headerMs)),
    upstream_response_time: list((of) => seconds(of.responseMs)),
  };
  return formatOf(format)
    .parts.map((part) => part.literal ?? values[part.variable] ?? '')
    .join('');
}

function expected({ passes, agent: _, ...given }: Given): AccessLine {
  const { length } = given.attempts;
  const from = passes > 0 && passes < length ? passes : length;
  return { ...given, method: null, attempts: given.attempts.map((of, i) => ({ ...of, redirected: i >= from })) };
}

/** The same bytes, with no memory behind them that could be read. */
const alone = (bytes: Buffer): Buffer => Buffer.from(Uint8Array.from(bytes).buffer);

describe.each([
  ['quoted', quoted],
  ['bare', bare],
  ['json', json],
])('%s', (_, format) => {
  const matcher = createAccessMatcher(formatOf(format));

  test('what nginx writes is read back', () => {
    fc.assert(
      fc.property(line, (given) => {
        expect(readAccessLine(matcher, Buffer.from(`${written(given, format)}\n`))).toEqual(expected(given));
      }),
      { numRuns: 300 },
    );
  });

  test('the exact matcher finds the same as the fast one', () => {
    const program = compileAccess(formatOf(format));
    expect(program.deterministic).toBe(true);
    const fast = newAccessRecord(createNames());
    const exact = newAccessRecord(createNames());
    const matchFast = createFastMatcher(program, fast);
    const matchExact = createExactMatcher(program, exact);
    const shown = ({ lists: _lists, names, peers, ...of }: typeof fast) => ({
      ...of,
      upstream: of.upstream === -1 ? null : names.text(of.upstream),
      peers: Array.from(peers.subarray(0, of.attempts), (id) => (id === -1 ? null : names.text(id))),
      statuses: of.statuses.slice(0, of.attempts),
      connectMs: of.connectMs.slice(0, of.attempts),
      headerMs: of.headerMs.slice(0, of.attempts),
      responseMs: of.responseMs.slice(0, of.attempts),
    });
    fc.assert(
      fc.property(line, (given) => {
        const text = `${written(given, format)}\n`;
        const bytes = alone(Buffer.from(`before\n${text}`));
        const end = matchFast(bytes, 7);
        if (end === -1) return;
        const seen = shown(fast);
        expect(matchExact(bytes, 7)).toBe(end);
        expect(shown(exact)).toEqual(seen);
        // With more lines behind it nothing is different.
        expect(matchFast(Buffer.from(`before\n${text}${text}`), 7)).toBe(end);
        expect(shown(fast)).toEqual(seen);
      }),
      { numRuns: 300 },
    );
  });

  test('no bytes make it throw', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      line.map((given) => Buffer.from(written(given, format))),
      fc.constantFrom('"', ' : ', ', ', '\\', '-', '\n', '\r', '\0', '0.001', '502').map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        let count = 0;
        const lines = createAccessLines(matcher.match, {
          matched: () => count++,
          unmatched: () => count++,
          overlong: () => count++,
        });
        const bytes = alone(Buffer.concat([...pieces, Buffer.from('\n')]));
        lines.chunk(bytes);
        expect(count).toBe(bytes.filter((c) => c === 10).length);
      }),
      { numRuns: 300 },
    );
  });
});

describe('chunks', () => {
  /** What happened to each line of `format` when the bytes came in these pieces. */
  function read(pieces: readonly Buffer[]): string[] {
    const { match, record } = createAccessMatcher(formatOf('$status $request_time'));
    const seen: string[] = [];
    const lines = createAccessLines(match, {
      matched: () => seen.push(`${record.status} ${record.requestTimeMs}`),
      unmatched: () => seen.push('unmatched'),
      overlong: () => seen.push('overlong'),
    });
    for (const piece of pieces) lines.chunk(piece);
    return seen;
  }

  test('the same lines however the bytes are split', () => {
    const lines = fc.array(fc.constantFrom('200 0.001', '502 12.345', 'junk', '', '200 0.001\r'), { maxLength: 20 });
    fc.assert(
      fc.property(lines, fc.array(fc.nat(30), { maxLength: 40 }), (texts, cuts) => {
        const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(''));
        const pieces: Buffer[] = [];
        let from = 0;
        for (const length of cuts) {
          pieces.push(bytes.subarray(from, from + length));
          from += length;
        }
        pieces.push(bytes.subarray(from));
        expect(read(pieces)).toEqual(read([bytes]));
      }),
    );
  });

  test('a line without end takes bounded memory, counts once, and the next one is read', () => {
    const long = Buffer.alloc(longestLine, 'x');
    expect(read([long, long, long, Buffer.from('\n200 0.001\n')])).toEqual(['overlong', '200 1']);
    expect(read([Buffer.alloc(100, 'x'), long, Buffer.from('y\n200 0.001\n')])).toEqual(['overlong', '200 1']);
  });

  test('a cut forgets what has no end', () => {
    const { match, record } = createAccessMatcher(formatOf('$status'));
    const seen: number[] = [];
    const nothing = () => seen.push(-1);
    const lines = createAccessLines(match, {
      matched: () => seen.push(record.status),
      unmatched: nothing,
      overlong: nothing,
    });
    lines.chunk(Buffer.from('200\n50'));
    lines.cut();
    lines.chunk(Buffer.from('404\n'));
    expect(seen).toEqual([200, 404]);
  });
});

test('names: bounded, and old numbers are known to be invalid', () => {
  const names = createNames();
  const matcher = createAccessMatcher(formatOf('$upstream_addr $upstream_status'));
  const generations = new Set<number>();
  for (let i = 0; i < 20_000; i++) {
    const found = readAccessLine(matcher, Buffer.from(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:80 200\n`));
    if ('unmatched' in found || found.attempts[0]?.peer !== `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:80`) {
      throw new Error(`line ${i}: ${JSON.stringify(found)}`);
    }
    generations.add(matcher.record.names.generation());
  }
  expect(generations.size).toBe(5);
  expect(names.generation()).toBe(0);
});
