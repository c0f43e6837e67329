/** The first line of diagnose counts clients whom no line of the access log shows. */
import { expect, test } from 'vitest';
import { clientsText } from '../../../collector/commands/diagnose/headline.ts';
import type { Impact } from '../../../collector/commands/diagnose/impact.ts';
import type { KindFailures } from '../../../collector/diagnose/impact/traffic.ts';
import { judge } from '../../../collector/diagnose/rules/judge.ts';
import type { FailureKind } from '../../../collector/model.ts';
import { facts, failed, nginx, nowMs, peer, tcp } from '../../diagnose/facts-kit.ts';

const none = { requests: 0, errors: new Map<number, number>(), hidden: 0, substituted: 0, trouble: null };
const impact = { read: ['/a'], tellsUpstreams: true, server: none, upstreams: new Map() };
const waits = { count: 28, errno: null, message: '', firstMs: nowMs, lastMs: nowMs };

function text(kind: FailureKind, failures: KindFailures): string {
  const silent = tcp('10.0.0.1:8080', { home: 'elsewhere', probe: { is: 'silent' } });
  const all =
    kind === 'worker_connections'
      ? facts([], { nginx: nginx({ failures: new Map([[kind, failures]]) }) })
      : facts([peer('10.0.0.1:8080', { failures: new Map([[kind, failures]]), tcp: silent })]);
  return clientsText({ impact, judged: judge(all, String), nowMs });
}

test.each<[string, FailureKind, KindFailures, string]>([
  ['SYNs are dropped since 2 s', 'timed_out', failed(waits), '; 28 requests wait for an answer'],
  ['one request waits', 'read_timeout', failed({ ...waits, count: 1 }), '; 1 request waits for an answer'],
  ['they have lines', 'timed_out', failed({ errno: 110 }), ''],
  [
    'nginx closes what comes: no worker_connection is free',
    'worker_connections',
    failed({ errno: null, message: '512 worker_connections are not enough' }),
    '; others are closed at once, without an answer',
  ],
  [
    'that is over',
    'worker_connections',
    failed({ errno: null, message: '512 worker_connections are not enough', lastMs: nowMs - 30_000 }),
    '',
  ],
])('%s', (_, kind, failures, expected) => {
  expect(text(kind, failures)).toBe(`no 5xx in the last minute${expected}`);
});

const second = 1000;

/** Of one upstream; `fromMs` and `toMs` are how long ago its first and last failure was. */
function upstream(over: {
  readonly requests: number;
  readonly errors?: readonly (readonly [number, number])[];
  readonly hidden?: number;
  readonly since: number;
  readonly fromMs: number;
  readonly toMs: number;
}): Impact {
  const { requests, errors = [], hidden = 0, since, fromMs, toMs } = over;
  const trouble = { firstMs: nowMs - fromMs, lastMs: nowMs - toMs, requests: since };
  const counts = { requests, errors: new Map(errors), hidden, substituted: 0, trouble };
  return { ...impact, server: counts, upstreams: new Map([['shop', counts]]) };
}

test.each<[string, Parameters<typeof upstream>[0], string]>([
  [
    'a total outage that began 3 s ago',
    { requests: 1200, errors: [[502, 60]], since: 60, fromMs: 3 * second, toMs: 0 },
    'upstream shop 100 % 502 (60 in the last 3 s)',
  ],
  [
    'an outage since minutes',
    { requests: 1200, errors: [[502, 600]], since: 1200, fromMs: 59 * second, toMs: second },
    'upstream shop 50 % 502 (600/min)',
  ],
  [
    'two statuses',
    {
      requests: 1200,
      errors: [
        [502, 60],
        [504, 6],
      ],
      since: 132,
      fromMs: 5.2 * second,
      toMs: 0,
    },
    'upstream shop 50 % 5xx (502: 60, 504: 6 in the last 6 s)',
  ],
  [
    'what only retries hide has its time, too',
    { requests: 1200, hidden: 30, since: 60, fromMs: 3 * second, toMs: 0 },
    'upstream shop 0 (retries hide 30 in the last 3 s)',
  ],
  [
    'it is over',
    { requests: 1200, errors: [[502, 400]], since: 1000, fromMs: 50 * second, toMs: 30 * second },
    'upstream shop 33 % 502 (400/min, the last 30 s ago)',
  ],
])('a share says what time it is of: %s', (_, counts, expected) => {
  expect(clientsText({ impact: upstream(counts), judged: [], nowMs })).toBe(expected);
});
