/** Attempts, outcomes, times, requests and reconciliation by their definitions in docs/metrics.md. */
import { describe, expect, test } from 'vitest';
import { createReconciliation, explainDifference } from '../../collector/aggregate/failures/reconciliation.ts';
import { createJobAggregate } from '../../collector/aggregate/job.ts';
import type { JobSnapshot } from '../../collector/model.ts';
import { readLogFormat } from '../../collector/parse/access/format/log-format.ts';
import { createAccessLines } from '../../collector/parse/access/lines.ts';
import { createAccessMatcher } from '../../collector/parse/access/match/matcher.ts';
import { fine, load } from './kit.ts';

const full =
  '$status $request_time $proxy_host "$upstream_addr" "$upstream_status" "$upstream_connect_time" "$upstream_response_time"';

function counting(format = full, { maxPeers = 50, legacyConnectTime = false } = {}) {
  const result = readLogFormat(format);
  if ('problem' in result) throw new Error(result.problem);
  const { match, record, program } = createAccessMatcher(result.format);
  const job = createJobAggregate({
    job: 'test',
    caps: { log: maxPeers, configured: 1000 },
    upstreamOf: (peer, proxyHost) => proxyHost ?? peer,
  });
  const counter = job.addAccessLog({ record, fields: program.has, legacyConnectTime, protocol: 'http' });
  let unmatched = 0;
  const lines = createAccessLines(match, {
    matched: counter.line,
    unmatched: () => unmatched++,
    overlong: () => unmatched++,
  });
  let second = 0;
  return {
    /** One tick with these lines. */
    tick(text: readonly string[] = [], health = fine): JobSnapshot {
      job.beginTick(second * 1e6);
      lines.chunk(Buffer.from(text.map((line) => `${line}\n`).join('')));
      expect(unmatched).toBe(0);
      return job.snapshot(second++ * 1e6, health, load);
    },
  };
}

const nonzero = (counts: object | null | undefined) =>
  counts && Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));

const one = (line: string, format?: string, options?: Parameters<typeof counting>[1]) => {
  const { upstreams, peers } = counting(format, options).tick([line]);
  return {
    outcomes: upstreams.flatMap(({ upstream, outcomes }) =>
      Object.entries(nonzero(outcomes) ?? {}).map(([name]) => `${upstream} ${name}`),
    ),
    attempts: peers.map(({ upstream, peer, attempts }) =>
      [upstream, peer, ...Object.keys(nonzero(attempts) ?? {})].join(' '),
    ),
  };
};

describe('outcomes and attempts of one request', () => {
  test.each([
    ['answered', '200 0.1 app "a:1" "200" "0.001" "0.1"', ['app ok'], ['app a:1 connected']],
    ['answered over a kept connection', '200 0.1 app "a:1" "200" "0.000" "0.1"', ['app ok'], ['app a:1 reused']],
    ['refused', '502 0.0 app "a:1" "502" "-" "0.000"', ['app bad_gateway'], ['app a:1 connect_failed']],
    ['connect timeout', '504 1.0 app "a:1" "504" "-" "1.000"', ['app gateway_timeout'], ['app a:1 connect_failed']],
    [
      'read timeout',
      '504 1.0 app "a:1" "504" "0.001" "1.000"',
      ['app gateway_timeout'],
      ['app a:1 connected status_504'],
    ],
    [
      'refused, then answered',
      '200 0.1 app "a:1, b:1" "502, 200" "-, 0.001" "0.000, 0.1"',
      ['app masked'],
      ['app a:1 connect_failed', 'app b:1 connected'],
    ],
    [
      'answered 503, then by another',
      '200 0.1 app "a:1, b:1" "503, 200" "0.001, 0.001" "0.000, 0.1"',
      ['app masked'],
      ['app a:1 connected status_503', 'app b:1 connected'],
    ],
    ['a stale cache after a 500', '200 0.1 app "a:1" "500" "0.001" "0.1"', ['app fallback'], ['app a:1 connected']],
    [
      'two peers refuse, then a stale cache',
      '200 0.1 app "a:1, b:1" "502, 502" "-, -" "0.000, 0.000"',
      ['app fallback'],
      ['app a:1 connect_failed', 'app b:1 connect_failed'],
    ],
    [
      'one server, asked again',
      '200 0.1 app "a:1, a:1" "502, 200" "-, 0.001" "0.000, 0.1"',
      ['app masked'],
      ['app a:1 connected connect_failed'],
    ],
    ['error_page 502 =503', '503 0.1 - "a:1" "502" "-" "0.000"', ['a:1 unavailable'], ['a:1 a:1 connect_failed']],
    [
      'no peer was live, a fallback page',
      '200 0.1 app "a:1, app" "502, 502" "-, -" "0.000, 0.000"',
      ['app fallback'],
      ['app a:1 connect_failed'],
    ],
    [
      'X-Accel-Redirect to another upstream',
      '200 0.1 b "a:1 : b:1" "200 : 200" "0.001 : 0.001" "0.100 : 0.1"',
      ['a:1 ok', 'b ok'],
      ['a:1 a:1 connected', 'b b:1 connected'],
    ],
    [
      'error_page to a second upstream that fails, too',
      '502 0.1 fb "a:1 : b:1" "502 : 502" "- : -" "0.000 : 0.000"',
      ['a:1 fallback', 'fb bad_gateway'],
      ['a:1 a:1 connect_failed', 'fb b:1 connect_failed'],
    ],
    [
      'a fallback page after a refusal',
      '200 0.1 - "a:1" "502" "-" "0.000"',
      ['a:1 fallback'],
      ['a:1 a:1 connect_failed'],
    ],
    ['404 of the backend', '404 0.1 app "a:1" "404" "0.001" "0.1"', ['app ok'], ['app a:1 connected']],
    ['500 of the backend', '500 0.1 app "a:1" "500" "0.001" "0.1"', ['app other_5xx'], ['app a:1 connected']],
    [
      '503 of the backend',
      '503 0.1 app "a:1" "503" "0.001" "0.1"',
      ['app unavailable'],
      ['app a:1 connected status_503'],
    ],
    [
      '502 of the backend, or a reset',
      '502 0.1 app "a:1" "502" "0.001" "0.1"',
      ['app bad_gateway'],
      ['app a:1 connected status_502'],
    ],
    ['no live peer: the group is no peer', '502 0.0 app "app" "502" "-" "0.000"', ['app bad_gateway'], []],
    ['client abort while connecting', '499 0.1 app "a:1" "-" "-" "0.100"', [], ['app a:1']],
    ['client abort while waiting', '499 0.1 app "a:1" "-" "0.001" "0.100"', [], ['app a:1 connected']],
    ['not proxied', '200 0.1 - "-" "-" "-" "-"', [], []],
    [
      'error_page: before it, only the address shows the upstream',
      '200 0.1 fb "a:1 : b:1" "502 : 200" "- : 0.001" "0.000 : 0.1"',
      ['a:1 fallback', 'fb ok'],
      ['a:1 a:1 connect_failed', 'fb b:1 connected'],
    ],
  ] as const)('%s', (_, line, outcomes, attempts) => {
    const text = line
      .replace(/ (\d\.\d) /, ' $100 ')
      .replace(/ 0\.1"/g, ' 0.100"')
      .replace(/"0\.1"/g, '"0.100"');
    expect(one(text)).toEqual({ outcomes, attempts });
  });

  test('nginx before 1.15.7 prints the response time where a connect time is not known', () => {
    const line = '200 0.100 app "a:1, b:1" "502, 200" "0.000, 0.001" "0.000, 0.100"';
    expect(one(line).attempts).toEqual(['app a:1 reused status_502', 'app b:1 connected']);
    expect(one(line, full, { legacyConnectTime: true }).attempts).toEqual([
      'app a:1 connect_failed',
      'app b:1 connected',
    ]);
  });

  test('stream has no status of attempts: what was tried on failed', () => {
    const format = '$status "$upstream_addr" "$upstream_connect_time"';
    expect(one('200 "a:1, b:1" "-, 0.001"', format)).toEqual({
      outcomes: ['a:1 masked'],
      attempts: ['a:1 a:1 connect_failed', 'b:1 b:1 connected'],
    });
    expect(one('502 "a:1" "-"', format).attempts).toEqual(['a:1 a:1 connect_failed']);
    expect(one('200 "a:1" "-"', format).attempts).toEqual(['a:1 a:1']);
  });
});

test('requests by the status of the client; what is no status is in none', () => {
  const job = counting('$status').tick(['200', '204', '301', '404', '499', '500', '502', '503', '504', '101', '009']);
  expect(job.requests).toEqual({
    '1xx': 1,
    '2xx': 2,
    '3xx': 1,
    '4xx': 2,
    other_5xx: 1,
    status_502: 1,
    status_503: 1,
    status_504: 1,
  });
  expect(job).not.toHaveProperty('requestTime');
  expect(job).not.toHaveProperty('reconciliation');
});

test('times are of the tick, the minute slides, buckets add up; a - is in none of them', () => {
  const job = counting();
  const line = (peer: string, connect: string, response: string) =>
    `200 0.010 app "${peer}" "${connect === '-' ? 502 : 200}" "${connect}" "${response}"`;
  const first = job.tick([line('a:1', '0.001', '0.010'), line('b:1', '3.000', '9.000'), line('a:1', '-', '0.000')]);
  const at = (values: readonly number[]) => {
    const [p50 = 0, p90 = 0, p95 = 0, p99 = 0, max = 0, count = 0] = values;
    return { p50, p90, p95, p99, max, count };
  };
  expect(first.upstreams[0]).toMatchObject({
    upstream: 'app',
    connectTime: at([1, 3000, 3000, 3000, 3000, 2]),
    connectTimeMinute: at([1, 3000, 3000, 3000, 3000, 2]),
    responseTime: at([10, 9000, 9000, 9000, 9000, 2]),
    connectTimes: { sumMs: 3001, count: 2, counts: [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0] },
  });
  expect(first.peers.map(({ peer, connectTime }) => [peer, connectTime?.max])).toEqual([
    ['a:1', 1],
    ['b:1', 3000],
  ]);
  expect(first.requestTime).toEqual(at([10, 10, 10, 10, 10, 3]));
  const second = job.tick([line('a:1', '0.000', '0.005')]);
  expect(second.upstreams[0]?.connectTime).toEqual(at([0, 0, 0, 0, 0, 1]));
  expect(second.upstreams[0]?.connectTimeMinute).toEqual(at([1, 3000, 3000, 3000, 3000, 3]));
  expect(second.upstreams[0]?.connectTimes?.count).toBe(3);
  let last = second;
  for (let i = 0; i < 60; i++) last = job.tick();
  expect(last.upstreams[0]).toMatchObject({ connectTime: null, connectTimeMinute: { count: 0 }, responseTime: null });
  expect(last.requestTime).toBeNull();
});

test('a log that could not be read is a gap, and what it said before is not lost', () => {
  const job = counting();
  const line = '200 0.010 app "a:1" "200" "0.001" "0.010"';
  job.tick([line]);
  const gap = job.tick([], { ...fine, accessLogsFine: false });
  expect(gap.requests).toBeNull();
  expect(gap.upstreams[0]).toMatchObject({
    outcomes: null,
    connectTime: null,
    connectTimeMinute: null,
    connectTimes: null,
  });
  expect(gap.peers[0]?.attempts).toBeNull();
  expect(job.tick([line]).requests).toMatchObject({ '2xx': 2 });
});

test('over the cap: peers share one instance, and upstreams and totals stay right', () => {
  const job = counting(full, { maxPeers: 2 });
  const lines = Array.from({ length: 5 }, (_, i) => `502 0.000 app "10.0.0.${i}:80" "502" "-" "0.000"`);
  const slow = '200 0.020 app "10.0.0.9:80" "200" "0.020" "0.020"';
  const { peers, upstreams, reconciliation } = job.tick([...lines, slow]);
  expect(peers.map(({ peer, attempts }) => [peer, attempts?.connect_failed])).toEqual([
    ['10.0.0.0:80', 1],
    ['10.0.0.1:80', 1],
    ['other', 3],
  ]);
  expect(
    upstreams.map(({ upstream, outcomes, connectTime }) => [upstream, outcomes?.bad_gateway, connectTime?.max]),
  ).toEqual([['app', 5, 20]]);
  expect(reconciliation?.accessLog).toBe(5);
});

test('kinds that the format cannot show are left out, not zero', () => {
  const { peers } = counting('"$upstream_addr" "$upstream_status"').tick(['"a:1" "502"']);
  expect(peers[0]?.attempts).toEqual({ status_502: 1, status_503: 0, status_504: 0 });
  expect(peers[0]).not.toHaveProperty('connectTime');
});

describe('reconciliation', () => {
  const second = 1_000_000;
  test('either log may be ahead within the grace; what is missing later is a difference', () => {
    const at = createReconciliation();
    const difference = (seconds: number, errorLog: number, accessLog: number) =>
      at(seconds * second, { errorLog, accessLog, truncated: 0, isTold: true })?.difference;
    expect(difference(0, 0, 0)).toBe(0);
    expect(difference(1, 10, 0)).toBe(0);
    expect(difference(60, 10, 10)).toBe(0);
    expect(difference(100, 25, 10)).toBe(0);
    expect(difference(189, 25, 24)).toBe(0);
    expect(difference(190, 25, 24)).toBe(-1);
    expect(difference(200, 25, 40)).toBe(0);
    expect(difference(290, 25, 40)).toBe(15);
    expect(difference(291, 40, 40)).toBe(0);
  });

  test.each([
    [{ difference: 0, truncated: 5 }, null],
    [{ difference: 5, truncated: 5 }, /^5 lines of the error log were cut off/],
    [{ difference: 5, truncated: 2 }, /^the access log has 3 \(besides 2 that nginx cut off\).*error_log FILE crit/],
    [{ difference: 5, truncated: 0 }, /^the access log has 5 /],
    [{ difference: -3, truncated: 0 }, /^the error log has 3 failed connects/],
  ])('explains %j', (found, words) => {
    const text = explainDifference({ errorLog: 0, accessLog: 0, ...found });
    if (words === null) expect(text).toBeNull();
    else expect(text?.text).toMatch(words);
  });
});

test.each([
  ['502 0.100 shop "10.0.0.1:80" "502" "-" "0.000"', { nginx: 1, application: 0, unclear: 0 }],
  ['502 0.100 shop "shop" "502" "-" "0.000"', { nginx: 1, application: 0, unclear: 0 }],
  ['503 0.100 shop "10.0.0.1:80" "503" "0.001" "0.010"', { nginx: 0, application: 1, unclear: 0 }],
  ['502 0.100 shop "10.0.0.1:80" "502" "0.001" "0.010"', { nginx: 0, application: 0, unclear: 1 }],
  ['200 0.100 shop "10.0.0.1:80" "200" "0.001" "0.010"', { nginx: 0, application: 0, unclear: 0 }],
])('who made the 5xx: %s', (line, made) => {
  expect(
    counting()
      .tick([line])
      .upstreams.map(({ serverErrors }) => serverErrors),
  ).toEqual([made]);
});
