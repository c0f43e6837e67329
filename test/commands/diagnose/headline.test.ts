/** The first line of diagnose counts clients whom no line of the access log shows. */
import { expect, test } from 'vitest';
import { clientsText } from '../../../collector/commands/diagnose/headline.ts';
import type { KindFailures } from '../../../collector/diagnose/impact/traffic.ts';
import { judge } from '../../../collector/diagnose/rules/judge.ts';
import type { FailureKind } from '../../../collector/model.ts';
import { facts, failed, nginx, nowMs, peer, tcp } from '../../diagnose/facts-kit.ts';

const none = { requests: 0, errors: new Map<number, number>(), hidden: 0, substituted: 0 };
const impact = { read: ['/a'], tellsUpstreams: true, server: none, upstreams: new Map() };
const waits = { count: 28, errno: null, message: '', firstMs: nowMs, lastMs: nowMs };

function text(kind: FailureKind, failures: KindFailures): string {
  const silent = tcp('10.0.0.1:8080', { home: 'elsewhere', probe: { is: 'silent' } });
  const all =
    kind === 'worker_connections'
      ? facts([], { nginx: nginx({ failures: new Map([[kind, failures]]) }) })
      : facts([peer('10.0.0.1:8080', { failures: new Map([[kind, failures]]), tcp: silent })]);
  return clientsText({ impact, judged: judge(all, String) });
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
