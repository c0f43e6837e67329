/** Each alert's truth table over its variables: what it says first, what it says while it is raised, and when it ends. */
import { describe, expect, test } from 'vitest';
import { jobAlertValues, peerAlertValues, upstreamAlertValues } from '../../collector/model.ts';
import { parseExpression, type Variables } from '../support/alerts/expressions.ts';
import { adaptedAlerts } from '../support/servers/netdata.ts';
import { parseHealth } from './health-lint.ts';

const status = { REMOVED: -2, UNINITIALIZED: -1, UNDEFINED: 0, CLEAR: 1, WARNING: 3, CRITICAL: 4 } as const;
type Status = 'CLEAR' | 'WARNING' | 'CRITICAL';

const entities = Object.entries(adaptedAlerts('1.37.1')).flatMap(([file, text]) => parseHealth(file, text));
const zero = Object.fromEntries([...upstreamAlertValues, ...peerAlertValues, ...jobAlertValues].map((n) => [n, 0]));

/** What Netdata makes of an alert that was `was`, with these variables and all others 0. */
function judge(name: string, was: Status, variables: Variables, ageSeconds = 1): Status {
  const lines = entities.find((entity) => entity.name === `nginx_upstream_${name}`)?.lines ?? [];
  const line = (key: string) => lines.find((each) => each.key === key)?.value;
  const all: Record<string, number> = {
    ...zero,
    ...status,
    ...variables,
    status: status[was],
    now: 1_000_000,
    last_collected_t: 1_000_000 - ageSeconds,
    update_every: 1,
  };
  all['this'] = parseExpression(line('calc') ?? '0')(all);
  const holds = (key: string) => line(key) !== undefined && parseExpression(line(key) ?? '0')(all) !== 0;
  return holds('crit') ? 'CRITICAL' : holds('warn') ? 'WARNING' : 'CLEAR';
}

type Rows = readonly (readonly [what: string, was: Status, variables: Variables, is: Status])[];

const sustained = (event: string, raised: Status): Rows => [
  ['nothing', 'CLEAR', {}, 'CLEAR'],
  ['one in the minute, sustained', 'CLEAR', { [`${event}_sustained`]: 1 }, raised],
  ['the status may be set back: it is raised again', 'CLEAR', { [`${event}_sustained`]: 9 }, raised],
  ['ends', raised, {}, 'CLEAR'],
];

const after = (worst: number, share: number) => ({ failed_after_sustained: worst, failed_after_share: share });

const tables: Readonly<Record<string, Rows>> = {
  clients_affected: [
    ...sustained('lost', 'CRITICAL'),
    ...sustained('fallback', 'WARNING'),
    ['from errors to a substitute', 'CRITICAL', { fallback_sustained: 5 }, 'WARNING'],
    ['both', 'CLEAR', { lost_sustained: 1, fallback_sustained: 1 }, 'CRITICAL'],
  ],
  no_live: sustained('no_live', 'CRITICAL'),
  unresolved: sustained('unresolved', 'CRITICAL'),
  redundancy_lost: sustained('masked', 'WARNING'),
  connect_timeouts: [
    ['nobody is silent', 'CLEAR', { connects: 1 }, 'CLEAR'],
    ['one is, others connect', 'CLEAR', { silent_peers: 1, connects: 1 }, 'WARNING'],
    ['nothing connects', 'CLEAR', { silent_peers: 1, none_connects: 1 }, 'CRITICAL'],
    ['others connect again', 'CRITICAL', { silent_peers: 1, connects: 1 }, 'WARNING'],
    ['over', 'CRITICAL', { connects: 1 }, 'CLEAR'],
  ],
  failing_after_connect: [
    ['two in a minute', 'CLEAR', after(2, 50), 'CLEAR'],
    ['three, of few', 'CLEAR', after(3, 6), 'WARNING'],
    ['three, of many', 'CLEAR', after(3, 4), 'CLEAR'],
    ['half of five', 'CLEAR', after(5, 50), 'CRITICAL'],
    ['half of four', 'CLEAR', after(4, 50), 'WARNING'],
    ['over', 'CRITICAL', {}, 'CLEAR'],
    ['one peer hangs, its clients leave', 'CLEAR', { hung_requests: 5, answers: 1 }, 'WARNING'],
    ['all hang, clients leave', 'CLEAR', { hung_requests: 5, none_answers: 1 }, 'CRITICAL'],
    ['one hangs, and few of many fail', 'CLEAR', { ...after(3, 1), hung_requests: 1 }, 'WARNING'],
    ['others answer again', 'CRITICAL', { hung_requests: 5, answers: 1 }, 'WARNING'],
    ['in no access log: inferred, never critical', 'CLEAR', { inferred_after_sustained: 300 }, 'WARNING'],
  ],
  connect_time: [
    ['fast', 'CLEAR', { connect_count: 99, connect_p95: 100 }, 'CLEAR'],
    ['slow, few', 'CLEAR', { connect_count: 19, connect_p95: 900 }, 'CLEAR'],
    ['slow', 'CLEAR', { connect_count: 20, connect_p95: 101 }, 'WARNING'],
    ['slower', 'WARNING', { connect_count: 20, connect_p95: 501 }, 'CRITICAL'],
    ['a little better', 'WARNING', { connect_count: 20, connect_p95: 81 }, 'WARNING'],
    ['better', 'WARNING', { connect_count: 20, connect_p95: 80 }, 'CLEAR'],
  ],
  survivors_slow: [
    [
      'all live',
      'CLEAR',
      { live: 2, configured: 2, response_count: 99, response_p95: 900, response_p95_before: 10 },
      'CLEAR',
    ],
    [
      'one gone',
      'CLEAR',
      { live: 1, configured: 2, response_count: 50, response_p95: 100, response_p95_before: 50 },
      'WARNING',
    ],
    [
      'one gone, few samples',
      'CLEAR',
      { live: 1, configured: 2, response_count: 49, response_p95: 100, response_p95_before: 50 },
      'CLEAR',
    ],
    [
      'fast enough',
      'CLEAR',
      { live: 1, configured: 2, response_count: 50, response_p95: 99, response_p95_before: 9 },
      'CLEAR',
    ],
    ['nothing is known of before', 'CLEAR', { live: 1, configured: 2, response_count: 50, response_p95: 900 }, 'CLEAR'],
    [
      'holds a while',
      'WARNING',
      { live: 1, configured: 2, response_count: 50, response_p95: 100, response_p95_before: 60 },
      'WARNING',
    ],
  ],
  refused: [
    ...sustained('unaccounted', 'WARNING'),
    ['the server fails too', 'WARNING', { unaccounted_sustained: 9, uncovered: 1, inferred: 1 }, 'CRITICAL'],
    ['over', 'CRITICAL', { inferred: 1 }, 'CLEAR'],
  ],
  peer_unavailable: [
    ['no', 'CLEAR', {}, 'CLEAR'],
    ['yes', 'CLEAR', { unavailable_30s: 1 }, 'WARNING'],
  ],
  peer_flapping: [
    ['twice', 'CLEAR', { returns_10m: 2 }, 'CLEAR'],
    ['three times', 'CLEAR', { returns_10m: 3 }, 'WARNING'],
  ],
  nginx_down: [
    ['runs', 'CLEAR', {}, 'CLEAR'],
    ['stopped', 'CLEAR', { nginx_down: 1 }, 'WARNING'],
    ['died', 'CLEAR', { nginx_down: 2 }, 'CRITICAL'],
  ],
  writing: [
    ['websockets all day', 'CLEAR', { active: 99, writing_share: 90, writing_share_before: 88 }, 'CLEAR'],
    ['more than before', 'CLEAR', { active: 99, writing_share: 90, writing_share_before: 60 }, 'WARNING'],
    [
      'an upstream fails',
      'CLEAR',
      { active: 99, writing_share: 90, writing_share_before: 88, failing_upstreams: 1 },
      'WARNING',
    ],
    ['few clients', 'CLEAR', { active: 19, writing_share: 90 }, 'CLEAR'],
    ['holds', 'WARNING', { active: 20, writing_share: 49, writing_share_before: 60 }, 'WARNING'],
    ['over', 'WARNING', { active: 20, writing_share: 48 }, 'CLEAR'],
  ],
  dropped: [
    ['a burst', 'CLEAR', { dropped_1m: 50, dropped_now: 50 }, 'CLEAR'],
    ['continues', 'CLEAR', { dropped_1m: 10, dropped_now: 5, dropped_before: 5 }, 'CRITICAL'],
    ['few', 'CLEAR', { dropped_1m: 9, dropped_now: 5, dropped_before: 5 }, 'CLEAR'],
    ['holds', 'CRITICAL', { dropped_1m: 1 }, 'CRITICAL'],
  ],
  worker_connections: [
    ['80 %', 'CLEAR', { connections_used: 80 }, 'CLEAR'],
    ['more', 'CLEAR', { connections_used: 81 }, 'WARNING'],
    ['holds', 'WARNING', { connections_used: 76 }, 'WARNING'],
    ['more than 90 %', 'WARNING', { connections_used: 91 }, 'CRITICAL'],
    ['its line', 'CLEAR', { worker_connections_1m: 1 }, 'CRITICAL'],
  ],
  descriptors: [
    ['80 %', 'CLEAR', { descriptors_used: 80 }, 'CLEAR'],
    ['more', 'CLEAR', { descriptors_used: 81 }, 'WARNING'],
    ['more than 90 %', 'WARNING', { descriptors_used: 91 }, 'CRITICAL'],
    ['its line', 'CLEAR', { no_files_1m: 1 }, 'CRITICAL'],
  ],
  workers: [['missing', 'CLEAR', { workers_missing: 1 }, 'WARNING']],
  collector: [
    ['all is read', 'CLEAR', {}, 'CLEAR'],
    ['a source fails', 'CLEAR', { sources_failing: 1 }, 'WARNING'],
    ['lines do not match', 'CLEAR', { unmatched_1m: 6, lines_1m: 119 }, 'WARNING'],
    ['few of them', 'CLEAR', { unmatched_1m: 6, lines_1m: 120 }, 'CLEAR'],
    ['a handful in all', 'CLEAR', { unmatched_1m: 5, lines_1m: 5 }, 'CLEAR'],
  ],
};

test('there is a table for each alert', () => {
  expect(
    Object.keys(tables)
      .map((name) => `nginx_upstream_${name}`)
      .sort(),
  ).toEqual(entities.map(({ name }) => name).sort());
});

describe.each(Object.entries(tables))('%s', (name, rows) => {
  test.each(rows)('%s (was %s): %j is %s', (_what, was, variables, is) => {
    expect(judge(name, was, variables)).toBe(is);
  });

  test('no data comes: it ends, but for the one that says so', () => {
    const raising = rows.find(([, , , is]) => is !== 'CLEAR')?.[2] ?? {};
    expect(judge(name, 'CRITICAL', raising, 90)).toBe(name === 'collector' ? 'WARNING' : 'CLEAR');
  });
});
