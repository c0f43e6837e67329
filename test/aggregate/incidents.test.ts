/** Incidents: where they begin and end, their peak, and what clients noticed of them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createClientTimes } from '../../collector/aggregate/report/clients.ts';
import { createFailureTimes, type Incident } from '../../collector/aggregate/report/incidents.ts';
import type { FailureKind } from '../../collector/model.ts';

type Failure = readonly [peer: string | null, kind: FailureKind, second: number];

function incidentsOf(failures: readonly Failure[], limit?: number): readonly Incident[] {
  const times = createFailureTimes(limit);
  for (const [peer, kind, second] of failures) times.record(peer, kind, second);
  return times.incidents();
}

const a = (second: number): Failure => ['a:1', 'refused', second];

const cases: Readonly<Record<string, readonly [readonly Failure[], readonly (readonly number[])[]]>> = {
  none: [[], []],
  'one failure': [[a(100)], [[100, 100, 1, 1]]],
  'a pause of 59 s continues': [[a(0), a(59)], [[0, 59, 2, 2]]],
  'a pause of 60 s ends it': [
    [a(0), a(60)],
    [
      [0, 0, 1, 1],
      [60, 60, 1, 1],
    ],
  ],
  'a pause over a minute boundary': [[a(59), a(60), a(119), a(178)], [[59, 178, 4, 2]]],
  'newest file first': [
    [a(600), a(601), a(30), a(10)],
    [
      [10, 30, 2, 2],
      [600, 601, 2, 2],
    ],
  ],
  'times before 1970': [[a(-30), a(10)], [[-30, 10, 2, 1]]],
};

test.each(Object.entries(cases))('%s', (_, [failures, expected]) => {
  expect(
    incidentsOf(failures).map(({ start, end, count, peakPerMinute }) => [start, end, count, peakPerMinute]),
  ).toEqual(expected);
});

test('peers and kinds have their own, and a line without a peer too', () => {
  const found = incidentsOf([a(1), ['a:1', 'reset', 1], ['b:1', 'refused', 1], [null, 'worker_connections', 0]]);
  expect(found.map(({ peer, kind }) => [peer, kind])).toEqual([
    [null, 'worker_connections'],
    ['a:1', 'refused'],
    ['a:1', 'reset'],
    ['b:1', 'refused'],
  ]);
});

test('over the limit: one shared peer, and nothing is lost', () => {
  const found = incidentsOf(
    Array.from({ length: 20 }, (_, at) => [`p${at}:1`, 'refused', 5] as const),
    10,
  );
  expect(found).toHaveLength(11);
  expect(found.find(({ peer }) => peer === 'other')?.count).toBe(10);
});

/** The definition, word by word: sort, and cut where a pause is 60 s or more. */
function naive(failures: readonly Failure[]): readonly Omit<Incident, 'peer' | 'kind'>[] {
  const groups = new Map<string, number[]>();
  for (const [peer, kind, second] of failures) {
    groups.set(`${peer} ${kind}`, [...(groups.get(`${peer} ${kind}`) ?? []), second]);
  }
  const found = [...groups.values()].flatMap((seconds) => {
    const runs: number[][] = [];
    let last = Number.NEGATIVE_INFINITY;
    for (const second of seconds.sort((x, y) => x - y)) {
      if (second - last >= 60) runs.push([]);
      runs.at(-1)?.push(second);
      last = second;
    }
    return runs.map((run) => {
      const minutes = run.map((second) => Math.floor(second / 60));
      const peakPerMinute = Math.max(...minutes.map((minute) => minutes.filter((each) => each === minute).length));
      return { start: run[0] ?? 0, end: run.at(-1) ?? 0, count: run.length, peakPerMinute };
    });
  });
  return sorted(found);
}

const sorted = <T extends Omit<Incident, 'peer' | 'kind'>>(all: readonly T[]): readonly T[] =>
  [...all].sort((x, y) => x.start - y.start || x.end - y.end || x.count - y.count || x.peakPerMinute - y.peakPerMinute);

const failure = fc.tuple(
  fc.constantFrom('a:1', 'b:1', null),
  fc.constantFrom<FailureKind>('refused', 'timed_out'),
  fc.integer({ min: 0, max: 1500 }),
);

test('as the definition says, and in whatever order the lines come', () => {
  fc.assert(
    fc.property(
      fc
        .array(failure, { maxLength: 60 })
        .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      ([failures, shuffled]) => {
        const found = incidentsOf(failures);
        expect(incidentsOf(shuffled)).toEqual(found);
        expect(sorted(found.map(({ peer: _, kind: __, ...rest }) => rest))).toEqual(naive(failures));
      },
    ),
  );
});

describe('what clients noticed', () => {
  const clients = createClientTimes();
  clients.covered(0, 1000);
  clients.record('a:1', 'masked', 130);
  clients.record('a:1', 'masked', 131);
  clients.record('a:1', 'affected', 190);
  test.each<readonly [string, string | null, number, number, unknown]>([
    ['during', 'a:1', 120, 200, { masked: 2, affected: 1 }],
    ['only its minutes', 'a:1', 121, 140, { masked: 2, affected: 0 }],
    ['a request that ended a moment later', 'a:1', 121, 175, { masked: 2, affected: 1 }],
    ['another peer', 'b:1', 120, 200, { masked: 0, affected: 0 }],
    ['no access log from then', 'a:1', 5000, 5100, null],
    ['no peer', null, 120, 200, null],
  ])('%s', (_, peer, start, end, expected) => {
    expect(clients.between(peer, start, end)).toEqual(expected);
  });
  test('more minutes than are kept: not known, rather than too few', () => {
    const small = createClientTimes(1);
    small.covered(0, 1000);
    small.record('a:1', 'affected', 0);
    small.record('a:1', 'affected', 60);
    expect(small.between('a:1', 0, 60)).toBeNull();
  });
});
