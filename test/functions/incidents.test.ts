import { describe, expect, test } from 'vitest';
import type { JobNow } from '../../collector/functions/facts.ts';
import { createIncidents, type Incidents } from '../../collector/functions/incidents.ts';
import { createWatch } from '../../collector/functions/watch.ts';
import { at, atRest, job, peer, upstream, verdict } from './jobs-kit.ts';

/** The jobs at each of these seconds. */
function lived(moments: readonly (readonly [number, readonly JobNow[]])[], incidents = createIncidents()): Incidents {
  const watch = createWatch();
  watch.observe(atRest(moments[0]?.[1] ?? []), at(-1));
  for (const [second, jobs] of moments) {
    watch.observe(jobs, at(second));
    incidents.observe(watch.jobs(), at(second));
  }
  return incidents;
}

const failing = (count: number, clients = {}, verdicts: JobNow['verdicts'] = []) => [
  job(
    [upstream('shop', { refused: count }, clients)],
    [peer({ upstream: 'shop', peer: 'a:1', failures: { refused: count } })],
    verdicts,
  ),
];

describe('an incident', () => {
  test('begins with a failure, grows, and ends after a quiet minute with the last failure', () => {
    const { all } = lived([
      [0, failing(0)],
      [10, failing(2, { masked: 1 })],
      [11, failing(7, { masked: 3, bad_gateway: 4 })],
      [70, failing(7, { masked: 3, bad_gateway: 4 })],
      [71, failing(7, { masked: 3, bad_gateway: 4, ok: 9 })],
      [300, failing(7, { masked: 3, bad_gateway: 99, ok: 9 })],
    ]);
    expect(all()).toEqual([
      expect.objectContaining({
        upstream: 'shop',
        beganMs: at(10).wallMs,
        endedMs: at(11).wallMs,
        failures: 7,
        kinds: { refused: 7 },
        peakPerMinute: 7,
        peers: ['a:1'],
        masked: 3,
        affected: 4,
      }),
    ]);
  });

  test('continues over a pause shorter than a minute, and is another one after it', () => {
    const { all } = lived([
      [0, failing(1)],
      [59, failing(2)],
      [118, failing(3)],
      [200, failing(3)],
      [201, failing(4)],
    ]);
    expect(all().map(({ failures, endedMs }) => [failures, endedMs === null])).toEqual([
      [1, true],
      [3, false],
    ]);
  });

  test('keeps the surest cause that was found, also when its peers serve again', () => {
    const { all, chapter } = lived([
      [0, failing(1)],
      [1, failing(2, {}, [verdict('a:1', { cause: 'unknown', sureness: 'unknown' })])],
      [2, failing(3, {}, [verdict('a:1', { sureness: 'likely' })])],
      [3, failing(3, {}, [verdict('a:1', { cause: 'no_answer', sureness: 'likely' })])],
    ]);
    expect(all()[0]).toMatchObject({ cause: 'process_down', sureness: 'likely' });
    expect(chapter()).toBe(3);
  });

  test('that all peers are out of use is no cause while one is known', () => {
    const out = verdict('shop', { is: 'group', cause: 'ejected' });
    const { all } = lived([
      [0, failing(1, {}, [out])],
      [1, failing(2, {}, [out, verdict('a:1', { sureness: 'likely' })])],
      [2, failing(3, {}, [out])],
    ]);
    expect(all()[0]).toMatchObject({ cause: 'process_down', sureness: 'likely' });
  });

  test('says nothing of clients where the access log cannot show them', () => {
    const { all } = lived([[0, [job([upstream('shop', { refused: 1 })], [])]]]);
    expect(all()[0]).toMatchObject({ affected: null, masked: null, peers: [] });
  });

  test('of two jobs with one upstream are two', () => {
    const both = ['edge', 'inner'].map((name) => job([upstream('shop', { reset: 1 })], [], [], name));
    expect(
      lived([[0, both]])
        .all()
        .map((each) => each.job),
    ).toEqual(['inner', 'edge']);
  });

  test('a clock that is set back ends nothing and makes none endless', () => {
    const watch = createWatch();
    watch.observe(failing(0), at(0));
    const incidents = createIncidents();
    for (const [second, wall, count] of [
      [0, 1e12, 1],
      [1, 1e12 - 9e6, 2],
      [90, 1e12 - 8.9e6, 2],
    ] as const) {
      const now = { monotonicMs: second * 1000, wallMs: wall };
      watch.observe(failing(count), now);
      incidents.observe(watch.jobs(), now);
    }
    expect(incidents.all()).toHaveLength(1);
    expect(incidents.isOngoing()).toBe(false);
  });
});

describe('bounds', () => {
  test('the last 200 are kept, newest first, with at most 20 peers each', () => {
    const names = Array.from({ length: 250 }, (_, i) => `up${i}`);
    const peers = Array.from({ length: 50 }, (_, i) =>
      peer({ upstream: 'up249', peer: `p${i}:1`, failures: { reset: 1 } }),
    );
    const { all, text } = lived([
      [
        0,
        [
          job(
            names.map((name) => upstream(name, { reset: 1 })),
            peers,
          ),
        ],
      ],
    ]);
    expect(all()).toHaveLength(200);
    expect(all()[0]).toMatchObject({ upstream: 'up249' });
    expect(all()[0]?.peers).toHaveLength(20);
    expect(text().length).toBeLessThan(100_000);
  });
});

describe('over a restart', () => {
  const before = lived([
    [0, failing(1, { bad_gateway: 1 }, [verdict('a:1')])],
    [5, failing(3, { bad_gateway: 3 }, [verdict('a:1')])],
  ]);

  test('an incident continues where it was, when the plugin was gone for less than a minute', () => {
    const after = createIncidents();
    after.restore(before.text(), at(10));
    lived([[11, failing(2, { bad_gateway: 2 })]], after);
    expect(after.all()).toEqual([
      { ...before.all()[0], failures: 5, kinds: { refused: 5 }, affected: 5, lastMs: at(11).wallMs },
    ]);
  });

  test.each([
    ['long', 600],
    ['and the clock was set back', -100],
  ])('it has ended with its last failure when the plugin was gone %s', (_, second) => {
    const after = createIncidents();
    after.restore(before.text(), at(second));
    expect(after.all()).toEqual([{ ...before.all()[0], endedMs: at(5).wallMs }]);
    lived([[second + 1, failing(1)]], after);
    expect(after.all()).toHaveLength(2);
  });

  test.each([
    ['nothing', ''],
    [
      'half of it',
      lived([[0, failing(1)]])
        .text()
        .slice(0, 50),
    ],
    ['another version', '{"version":2,"incidents":[]}'],
    ['no list', '{"version":1,"incidents":{}}'],
    ['null', 'null'],
    ['incidents that are none', '{"version":1,"incidents":[null,1,"x",{},{"job":"a","upstream":"b"}]}'],
    [
      'a member of another type',
      lived([[0, failing(1)]])
        .text()
        .replace('"failures":1', '"failures":"<b>"'),
    ],
    [
      'kinds that are no counts',
      lived([[0, failing(1)]])
        .text()
        .replace('"refused":1', '"refused":{"a":1}'),
    ],
  ])('a file with %s is no incident', (_, text) => {
    const incidents = createIncidents();
    incidents.restore(text, at(0));
    expect(incidents.all()).toEqual([]);
  });
});
