/** What does not stay up, and two deploys that are no loop. */
import { expect, test } from 'vitest';
import { keepEnded } from '../../../collector/diagnose/rules/ended.ts';
import { judge } from '../../../collector/diagnose/rules/judge.ts';
import { facts, failed, listener, nowMs, peer, rememberedPeer, tcp, unix } from '../facts-kit.ts';

const ago = (seconds: number): number => nowMs - seconds * 1000;
const remembered = (ends: readonly number[]) =>
  rememberedPeer({ listeningMs: ago(1), sinceMs: ago(Math.min(...ends) - 2), endedMs: ends.map(ago), inode: 8080 });
const failures = (last: number) =>
  new Map([['refused', failed({ firstMs: ago(last + 30), lastMs: ago(last) })] as const]);
const back = { serving: [listener('0.0.0.0:8080')], probe: { is: 'connected' as const } };

/** Seconds ago that it ended, and that nginx was last refused. */
const table: readonly (readonly [string, readonly number[], number, string])[] = [
  ['5 s down, 12 s up, the second fall', [20, 3], 1, 'crash_loop likely'],
  ['5 s down, 12 s up, the third fall', [37, 20, 3], 1, 'crash_loop certain'],
  ['up for 40 s each time', [83, 43, 3], 1, 'crash_loop certain'],
  ['a deploy that failed, and 40 s later the one that fixed it', [71, 30], 30, 'restarting likely ended'],
  ['two deploys within two minutes', [120, 20], 15, 'restarting likely ended'],
  ['two deploys, the second under way', [120, 3], 1, 'process_down certain'],
  ['killed, started, killed, and down for good since', [50, 33], 1, 'process_down certain'],
  ['killed, started, killed a moment ago', [30, 12], 1, 'crash_loop likely'],
  ['a deploy, and a crash at once after it', [150, 15, 3], 1, 'crash_loop likely'],
  ['up for minutes each time, and three falls', [290, 170, 3], 1, 'crash_loop likely'],
  ['it stays up since a minute', [95, 80, 65], 63, 'crash_loop certain ended'],
];

const first = (one: Parameters<typeof facts>[0][number]) => {
  const [finding] = judge(facts([one]), String)[0]?.findings ?? [];
  return `${finding?.code} ${finding?.sureness}${finding?.isOver ? ' ended' : ''}`;
};

test.each(table)('%s', (what, ends, last, expected) => {
  const is = expected.startsWith('process_down') || /killed a moment/.test(what) ? {} : back;
  const one = peer('10.0.0.1:8080', {
    failures: failures(last),
    tcp: tcp('10.0.0.1:8080', is),
    remembered: remembered(ends),
  });
  expect(first(one)).toBe(expected);
});

test('a unix socket that stays up for a minute is over, too', () => {
  const of = (last: number) =>
    peer('unix:/run/app.sock', {
      failures: failures(last),
      unix: unix({ listening: true }),
      remembered: remembered([95, 80, 65]),
    });
  expect([first(of(63)), first(of(20))]).toEqual(['crash_loop certain ended', 'crash_loop certain']);
});

test('between two falls it is not over: what the plugin found stands until it has stayed up', () => {
  const past = (lastMs: number) => ({
    cause: 'crash_loop' as const,
    sureness: 'certain' as const,
    firstMs: ago(200),
    lastMs,
    evidence: ['seen then'],
    tenses: ['state' as const],
    rulesOut: [],
  });
  const kept = (last: number) => {
    const one = peer('10.0.0.1:8080', {
      failures: failures(last),
      tcp: tcp('10.0.0.1:8080', { ...back, serving: [listener('0.0.0.0:8080', { startedMs: ago(last - 2) })] }),
    });
    const [judged] = judge(facts([one]), String);
    if (judged === undefined) throw new Error('nothing judged');
    const { findings, isOver } = keepEnded(judged, past(ago(last)), nowMs);
    return [findings[0]?.code, isOver];
  };
  expect([kept(12), kept(70)]).toEqual([
    ['crash_loop', false],
    ['crash_loop', true],
  ]);
});

type Down = readonly [from: number, to: number, count?: number];
const bursts = (all: readonly Down[]) =>
  all.map(([from, to, count = 8]) => ({ firstMs: ago(from), lastMs: ago(to), count }));
/** Every two seconds but while it is down. */
const taken = (down: readonly Down[]) =>
  Array.from({ length: 60 }, (_, at) => 120 - 2 * at).filter(
    (at) => !down.some(([from, to]) => at <= from && at >= to),
  );

test.each<[string, readonly Down[], readonly number[] | null, string]>([
  ['5 s down, 12 s up, the first fall', [[5, 1]], null, 'process_down likely'],
  [
    'the second fall',
    [
      [22, 18],
      [5, 1],
    ],
    null,
    'process_down likely',
  ],
  [
    'the third fall',
    [
      [39, 35],
      [22, 18],
      [5, 1],
    ],
    null,
    'crash_loop likely',
  ],
  [
    'the third return',
    [
      [50, 46],
      [33, 29],
      [16, 12],
    ],
    null,
    'crash_loop likely',
  ],
  [
    'up for a minute since',
    [
      [99, 95],
      [82, 78],
      [66, 62],
    ],
    null,
    'crash_loop likely ended',
  ],
  [
    'refused now and then: a limit',
    [
      [39, 39, 1],
      [22, 22, 1],
      [5, 5, 1],
    ],
    null,
    'process_down likely',
  ],
  [
    'refused, and taken at the same time: a limit',
    [
      [39, 35],
      [22, 18],
      [5, 1],
    ],
    [37, 30, 20, 12, 3],
    'process_down likely',
  ],
  [
    'nobody asked in between',
    [
      [39, 35],
      [22, 18],
      [5, 1],
    ],
    [],
    'process_down likely',
  ],
  [
    'three deploys within five minutes',
    [
      [250, 246],
      [150, 146],
      [5, 1],
    ],
    null,
    'process_down likely',
  ],
])('of another host, by the logs: %s', (_, down, takenAt, expected) => {
  const [[begin = 0] = []] = down;
  const [, last = 0] = down.at(-1) ?? [];
  const one = peer('10.0.0.1:8080', {
    failures: new Map([['refused', failed({ firstMs: ago(begin), lastMs: ago(last), bursts: bursts(down) })]] as const),
    tcp: tcp('10.0.0.1:8080', { home: 'elsewhere' }),
    answers: {
      connected: 50,
      lastConnectedMs: ago(last > 10 ? 1 : last + 0.5),
      serverErrors: 0,
      statuses: [],
      firstErrorMs: Number.NEGATIVE_INFINITY,
      lastErrorMs: Number.NEGATIVE_INFINITY,
      takenMs: (takenAt ?? taken(down)).map(ago),
    },
  });
  expect(first(one)).toBe(expected);
});

test.each<[string, readonly Down[], readonly number[], string]>([
  [
    'two deploys of 2 s, 70 s apart',
    [
      [92, 90],
      [20, 18],
    ],
    [95, 85, 60, 30, 25, 10, 1],
    'restarting likely ended',
  ],
  [
    'down for 70 s, asked seldom',
    [
      [90, 90, 1],
      [60, 60, 1],
      [20, 20, 1],
    ],
    [95, 10, 1],
    'process_down likely ended',
  ],
  [
    'down for 70 s, nothing known of before',
    [
      [90, 90, 1],
      [20, 18],
    ],
    [],
    'process_down likely ended',
  ],
])('how long it was down: %s', (_, down, takenAt, expected) => {
  const [[begin = 0] = []] = down;
  const [, last = 0] = down.at(-1) ?? [];
  const one = peer('10.0.0.1:8080', {
    failures: new Map([['refused', failed({ firstMs: ago(begin), lastMs: ago(last), bursts: bursts(down) })]] as const),
    tcp: tcp('10.0.0.1:8080', back),
    answers: {
      connected: 50,
      lastConnectedMs: ago(1),
      serverErrors: 0,
      statuses: [],
      firstErrorMs: Number.NEGATIVE_INFINITY,
      lastErrorMs: Number.NEGATIVE_INFINITY,
      takenMs: takenAt.map(ago),
    },
  });
  expect(first(one)).toBe(expected);
});
