/** The windows of a complete job: lines in, what alerts read out, over a restart of the plugin. */
import { describe, expect, test } from 'vitest';
import { createJobAggregate } from '../../../collector/aggregate/job.ts';
import { createNginxDown } from '../../../collector/aggregate/server/down.ts';
import { failingLabel } from '../../../collector/aggregate/windows/labels.ts';
import { createVitals } from '../../../collector/aggregate/windows/vitals.ts';
import type { ErrorLine, JobSnapshot, PeerSnapshot } from '../../../collector/model.ts';
import { peer as peerOf, job as snapshotOf } from '../../charts/snapshots.ts';
import { fine as health, errorLine as line, load } from '../kit.ts';

const wall = 1_800_000_000;

function running() {
  const aggregate = createJobAggregate({
    job: 'test',
    caps: { log: 50, configured: 1000 },
    upstreamOf: (peer) => (peer.startsWith('10.') ? 'app' : peer),
  });
  let second = 0;
  return {
    aggregate,
    tick(lines: readonly (readonly [ErrorLine, age: number])[] = [], to = second + 1): JobSnapshot {
      second = to;
      aggregate.beginTick(second * 1e6, (wall + second) * 1000);
      for (const [each, age] of lines) aggregate.errorLine(each, second * 1e6, wall + second - age);
      return aggregate.snapshot(second * 1e6, health, load);
    },
  };
}

const upstreamAlerts = ({ upstreams }: JobSnapshot, name = 'app') =>
  upstreams.find(({ upstream }) => upstream === name)?.alerts ?? {};
const peerAlerts = ({ peers }: JobSnapshot) => peers[0]?.alerts ?? {};

describe('lines count by their own time', () => {
  test('a backlog of a minute fills the windows of then', () => {
    const { tick } = running();
    const snapshot = tick(
      [3, 12, 45].map((age) => [line('no_live'), age] as const),
      1000,
    );
    expect(upstreamAlerts(snapshot)).toMatchObject({ no_live_sustained: 3 });
  });

  test('what is older than two minutes is counted, and in no window', () => {
    const snapshot = running().tick(
      [0, 121].map((age) => [line('no_live'), age] as const),
      1000,
    );
    expect(upstreamAlerts(snapshot)).toMatchObject({ no_live_sustained: 0 });
    expect(snapshot.upstreams[0]?.failures?.no_live).toBe(2);
  });
});

describe('which events of an upstream a line is', () => {
  test.each<[string, ErrorLine, object, object]>([
    ['a refusal', line('refused'), { lost_sustained: 0 }, { unaccounted_sustained: 2, uncovered: 1 }],
    [
      'bind() fails: the request ends with 500, in no log but this',
      line('no_ports', { errno: 99, message: 'bind(192.0.2.1) failed (99: Cannot assign requested address)' }),
      { lost_sustained: 2 },
      { unaccounted_sustained: 0 },
    ],
    [
      'connect() fails for the same reason: another peer is tried',
      line('no_ports', { errno: 99, message: 'connect() to 10.0.0.1:80 failed (99: Cannot assign requested address)' }),
      { lost_sustained: 0 },
      { unaccounted_sustained: 2 },
    ],
    [
      'socket() fails',
      line('no_files', { message: 'socket() failed (24: Too many open files)' }),
      { lost_sustained: 2 },
      {},
    ],
    [
      'worker_connections',
      line('worker_connections', { message: '64 worker_connections are not enough' }),
      { lost_sustained: 2 },
      {},
    ],
    [
      'a reset of the request',
      line('reset', { action: 'reading response header from upstream' }),
      { inferred_after_sustained: 2 },
      { unaccounted_sustained: 0 },
    ],
    [
      'a reset in the body of an answer',
      line('reset', { action: 'reading upstream' }),
      { inferred_after_sustained: 0 },
      {},
    ],
    ['a stream that ends', line('reset', { protocol: 'stream' }), { inferred_after_sustained: 0 }, {}],
    ['an ejection', line('disabled'), {}, {}],
  ])('%s', (_name, each, upstream, peer) => {
    const snapshot = running().tick([
      [each, 0],
      [each, 15],
    ]);
    expect(upstreamAlerts(snapshot)).toMatchObject(upstream);
    expect(peerAlerts(snapshot)).toMatchObject(peer);
  });

  test.each([
    ['app.internal could not be resolved (3: Host not found)', 'app.internal'],
    ['app.internal could not be resolved (110: Operation timed out)', 'app.internal'],
    ['no resolver defined to resolve app.internal', 'app.internal'],
    ['host not found in upstream "app.internal:8080"', 'app.internal:8080'],
    ['invalid port in upstream "app:x"', 'app:x'],
  ])('%s', (message, name) => {
    const each = line('resolve', { message, upstream: null, action: null });
    const snapshot = running().tick([
      [each, 0],
      [each, 15],
    ]);
    expect(upstreamAlerts(snapshot, name)).toMatchObject({ unresolved_sustained: 2 });
    expect(snapshot.upstreams.map(({ upstream }) => upstream)).toEqual([name]);
  });
});

test('a restart of the plugin in mid-outage: the next process says what the one before said', () => {
  const first = running();
  for (let second = 1; second < 40; second++)
    first.tick([
      [line('no_live'), 0],
      [line('refused'), 0],
    ]);
  const before = first.tick();
  const saved = JSON.parse(JSON.stringify(first.aggregate.saveWindows()));
  const next = running();
  next.aggregate.beginTick(7 * 1e6, (wall + 42) * 1000);
  next.aggregate.restoreWindows(saved);
  const after = next.aggregate.snapshot(7 * 1e6, health, load);
  expect(upstreamAlerts(before)).toMatchObject({ no_live_sustained: 39 });
  expect(upstreamAlerts(after)).toMatchObject({ no_live_sustained: 39 });
  expect(peerAlerts(after)).toMatchObject({ unaccounted_sustained: 39 });
});

test.each([
  [null],
  [[]],
  [{}],
  ['x'],
  [
    {
      upstreams: [
        [1, 2, 3],
        ['a', 'b', [['x', 'lost', 1], null, [wall + 999, 'lost', 1]]],
      ],
    },
  ],
])('what is no saved windows restores nothing: %j', (saved) => {
  const { aggregate } = running();
  aggregate.beginTick(1e6, wall * 1000);
  aggregate.restoreWindows(saved);
  expect(upstreamAlerts(aggregate.snapshot(1e6, health, load), 'a')['lost_sustained'] ?? 0).toBe(0);
});

describe('vitals', () => {
  const played = (peers: readonly Partial<PeerSnapshot>[]) => {
    const vitals = createVitals();
    return peers.map((some, second) =>
      vitals.complete(
        snapshotOf({
          upstreams: [{ upstream: 'a', origin: 'configured' }],
          peers: [{ ...peerOf('p'), upstream: 'a', ...some }],
        }),
        second * 1e6,
        0,
      ),
    );
  };
  const states = (syn_sent: number, established = 0) => ({
    syn_sent,
    established,
    time_wait: 0,
    close_wait: 0,
    fin_wait: 0,
  });
  const stuck = { sockets: { states: states(1), retransmitting: 1, queued: null, localPorts: null } };
  const calm = { sockets: { states: states(0, 1), retransmitting: 0, queued: null, localPorts: null } };
  const silentAt = (snapshots: readonly JobSnapshot[]) =>
    snapshots.map((each) => upstreamAlerts(each, 'a')['silent_peers']);

  test('SYNs that nobody answers for 10 s', () => {
    expect(silentAt(played(Array.from({ length: 12 }, () => stuck)))).toEqual([...Array(10).fill(0), 1, 1]);
  });

  test('one connection that is made, or one check without them, begins it anew', () => {
    const attempts = { connected: 5, connect_failed: 0, reused: 0, status_502: 0, status_503: 0, status_504: 0 };
    const connecting = Array.from({ length: 14 }, (_, i) => ({
      ...stuck,
      attempts: { ...attempts, connected: i < 8 ? 5 : 6 },
    }));
    expect(silentAt(played(connecting)).every((count) => count === 0)).toBe(true);
    expect(silentAt(played([...Array(8).fill(stuck), calm, ...Array(8).fill(stuck)])).every((n) => n === 0)).toBe(true);
  });

  describe('requests hang and their clients leave (docker pause, 499 only)', () => {
    const hung = Array.from({ length: 3 }, () => ({ hung: 7 }));
    const calmFor = (seconds: number) => Array.from({ length: seconds }, () => ({}));
    const valuesAt = (peers: readonly object[], name: string) =>
      played(peers).map((each) => upstreamAlerts(each, 'a')[name]);

    test('as many as wait, until a minute has passed without any', () => {
      const looks = [...calmFor(2), ...hung, ...calmFor(62)];
      const values = valuesAt(looks, 'hung_requests');
      expect(values.slice(0, 6)).toEqual([0, 0, 7, 7, 7, 1]);
      expect(values.slice(62, 67)).toEqual([1, 1, 0, 0, 0]);
    });

    test('no peer answers: critical; where one does, a warning', () => {
      expect(valuesAt(hung, 'none_answers')).toEqual([1, 1, 1]);
      const vitals = createVitals();
      const upstreams = [{ upstream: 'a', origin: 'configured' as const, alerts: { answers: 1 } }];
      const peers = [
        { ...peerOf('p'), upstream: 'a', hung: 7 },
        { ...peerOf('q'), upstream: 'a' },
      ];
      const one = vitals.complete(snapshotOf({ upstreams, peers }), 1e6, 0);
      expect(upstreamAlerts(one, 'a')).toMatchObject({ hung_requests: 7, none_answers: 0 });
    });
  });

  describe('one client that gives up and asks again (499 only)', () => {
    const attempts = { connected: 5, connect_failed: 0, reused: 0, status_502: 0, status_503: 0, status_504: 0 };
    const fresh = { sockets: { states: states(1), retransmitting: 0, queued: null, localPorts: null } };
    const none = { sockets: { states: states(0), retransmitting: 0, queued: null, localPorts: null } };
    const open = { sockets: { states: states(1, 1), retransmitting: 0, queued: null, localPorts: null } };
    const cycle = (one: readonly object[], more: object = {}) =>
      Array.from({ length: 14 }, (_, at) => ({ ...one[at % one.length], ...more }));

    test.each([
      ['after 5 s', cycle([fresh, stuck, stuck, stuck, stuck], { attempts }), 10],
      ['after 5 s, where the log shows no attempts', cycle([fresh, stuck, stuck, stuck, stuck]), 11],
      ['after 5 s, and waits for 2 s', cycle([stuck, stuck, stuck, none, none], { attempts }), 10],
      ['within a second', cycle([fresh], { attempts }), 10],
      ['within a second, every 3 s', cycle([fresh, none, none], { attempts }), 10],
      ['within a second, where the log shows no attempts', cycle([fresh]), -1],
      ['after 5 s, every 11 s', cycle([stuck, ...Array(10).fill(none)], { attempts }), -1],
      ['and others are connected', cycle([open], { attempts }), -1],
      ['and nothing shows what happens between', cycle([stuck, none]), -1],
    ])('%s', (_, looks, from) => {
      expect(silentAt(played(looks)).indexOf(1)).toBe(from);
    });

    test('one that connects meanwhile begins it anew', () => {
      const looks = cycle([fresh, stuck, stuck, stuck, stuck]).map((each, at) => ({
        ...each,
        attempts: { ...attempts, connected: 5 + Math.floor(at / 6) },
      }));
      expect(silentAt(played(looks)).indexOf(1)).toBe(-1);
    });
  });

  test('ejected for 30 s; returns of ten minutes', () => {
    const health = (state: 'up' | 'unavailable', returned: number) => ({
      health: { state, transitions: { ejected: returned, returned } },
    });
    const away = played(Array.from({ length: 32 }, () => health('unavailable', 0)));
    expect(away.map((each) => peerAlerts(each)['unavailable_30s']).indexOf(1)).toBe(30);
    const back = played([health('up', 4), health('up', 5), health('up', 6), health('up', 7)]);
    expect(back.map((each) => peerAlerts(each)['returns_10m'])).toEqual([0, 1, 2, 3]);
  });

  test('the cause is reported from the first failure until two minutes after the last', () => {
    const failures = (refused: number) => ({ failures: { ...peerOf('p').failures, refused } as never });
    const snapshots = played([
      failures(0),
      failures(1),
      { ...failures(2), verdict: 'process down (certain)' },
      { ...failures(2), verdict: 'restarting (likely)' },
      ...Array.from({ length: 124 }, () => failures(2)),
    ]);
    const labels = snapshots.map(({ peers }) => peers[0]?.causeLabel);
    expect(labels.slice(0, 4)).toEqual(['none', 'not known yet', 'process down (certain)', 'process down (certain)']);
    expect(labels.indexOf('none', 1)).toBe(123);
    expect(snapshots[2]?.upstreams[0]?.failingLabel).toBe('p process down (certain)');
  });

  describe('a verdict that comes when the failures are over does not replace theirs', () => {
    const down = 'process down (certain)';
    test.each<[string, readonly (readonly [refused: number, verdict: string | undefined])[], string]>([
      [
        'it listens again, refusals of before beside it',
        [
          [1, down],
          [1, 'firewall reject (likely)'],
          [1, 'firewall reject (likely)'],
        ],
        down,
      ],
      [
        'another that is as sure',
        [
          [1, down],
          [1, 'wrong port (certain)'],
        ],
        down,
      ],
      [
        'surer',
        [
          [1, 'unknown (unknown)'],
          [1, down],
        ],
        down,
      ],
      [
        'surer, but of afterwards',
        [
          [1, 'no answer (likely)'],
          [1, 'restarting (certain)'],
        ],
        'no answer (likely)',
      ],
      [
        'failures continue under it',
        [
          [1, down],
          [1, 'hangs (likely)'],
          [2, 'hangs (likely)'],
        ],
        'hangs (likely)',
      ],
      [
        'one check that errs',
        [
          [1, down],
          [1, 'hangs (likely)'],
          [2, down],
        ],
        down,
      ],
      [
        'the first',
        [
          [1, undefined],
          [1, 'no answer (likely)'],
        ],
        'no answer (likely)',
      ],
    ])('%s', (_what, seconds, label) => {
      const snapshots = played([
        {},
        ...seconds.map(([refused, verdict]) => ({
          failures: { ...peerOf('p').failures, refused } as never,
          ...(verdict === undefined ? {} : { verdict }),
        })),
      ]);
      expect(snapshots.at(-1)?.peers[0]?.causeLabel).toBe(label);
    });
  });
});

test('the label of an upstream: brackets go, five are named', () => {
  const causes = ['[::1]:80', 'b', 'c', 'd', 'e', 'f', 'g'].map((peer) => [peer, 'no answer (likely)'] as const);
  expect(failingLabel(causes)).toMatch(/^::1:80 no answer \(likely\) \/ b .* \/ and 2 more$/);
  expect(failingLabel([['a', 'none']])).toBe('none');
});

describe('nginx is down', () => {
  const away = { runs: false, leftPidFile: false, isInstalled: true };
  const here = { ...away, runs: true };
  const play = (presences: readonly (typeof away)[], stepSeconds = 1) => {
    const down = createNginxDown();
    return presences.map((presence, i) => down(presence, i * stepSeconds * 1e6));
  };
  test.each([
    ['never ran', Array(40).fill(away), 0],
    ['stopped', [here, ...Array(40).fill(away)], 1],
    ['died', [here, ...Array(40).fill({ ...away, leftPidFile: true })], 2],
    ['restarted', [here, ...Array(14).fill(away), here], 0],
    [
      'comes and goes, as a container that cannot start',
      [here, ...Array(10).fill(away), here, ...Array(16).fill(away)],
      1,
    ],
    ['uninstalled', [here, ...Array(40).fill({ ...away, isInstalled: false })], 0],
    ['just gone', [here, ...Array(15).fill(away)], 0],
    ['gone for 15 s', [here, ...Array(16).fill(away)], 1],
  ])('%s', (_name, presences, last) => expect(play(presences).at(-1)).toBe(last));
  test('after an hour it is known', () => expect(play([here, ...Array(70).fill(away)], 60).at(-1)).toBe(0));
});
