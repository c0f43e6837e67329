/** What went wrong in the last minute has its own time: the share of an outage is of the requests since its first second. */
import { expect, test } from 'vitest';
import { createImpactTally } from '../../../collector/commands/diagnose/impact.ts';
import { readLogFormat } from '../../../collector/parse/access/format/log-format.ts';
import { createAccessMatcher } from '../../../collector/parse/access/match/matcher.ts';

const nowMs = 1_800_000_000_500;
const format = readLogFormat('$status "$upstream_addr" "$upstream_status" "$upstream_connect_time"');
const served = '200 "10.0.0.1:80" "200" "0.001"';
const failed = '502 "10.0.0.1:80" "502" "-"';
const saved = '200 "10.0.0.1:80, 10.0.0.2:80" "502, 200" "-, 0.001"';

test.each<[string, readonly (readonly [agoMs: number, line: string])[], object | null]>([
  ['nothing did', [[30_000, served]], null],
  [
    'an outage that has just begun',
    [
      [30_000, served],
      [20_000, served],
      [2000, failed],
      [2000, served],
      [1000, failed],
    ],
    { firstMs: nowMs - 2000, lastMs: nowMs - 1000, requests: 3 },
  ],
  [
    'one that only retries hide',
    [
      [30_000, served],
      [3000, saved],
      [1000, served],
    ],
    { firstMs: nowMs - 3000, lastMs: nowMs - 3000, requests: 2 },
  ],
  [
    'one from before the minute',
    [
      [90_000, failed],
      [3000, served],
    ],
    null,
  ],
])('%s', (_, lines, expected) => {
  if ('problem' in format) throw new Error('no format');
  const { match, record, program } = createAccessMatcher(format.format);
  const clients = createImpactTally(() => 'app', nowMs);
  for (const [agoMs, line] of lines) {
    expect(match(Buffer.from(`${line}\n`), 0)).toBeGreaterThan(0);
    clients.record(record, program.has, false, nowMs - agoMs);
  }
  const { server, upstreams } = clients.result(['/a']);
  expect([
    server.errors.size === 0 && expected !== null ? expected : server.trouble,
    upstreams.get('app')?.trouble,
  ]).toEqual([expected, expected]);
});
