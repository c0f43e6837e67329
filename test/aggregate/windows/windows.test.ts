/** What alerts read, by its definition in docs/alerts.md. */
import { describe, expect, test } from 'vitest';
import { ageOf } from '../../../collector/aggregate/time/age.ts';
import { createSeconds } from '../../../collector/aggregate/time/seconds.ts';
import { createCoverage } from '../../../collector/aggregate/windows/coverage.ts';
import { createPeerWindow } from '../../../collector/aggregate/windows/peer.ts';
import {
  createUpstreamWindow,
  type UpstreamEvent,
  type WindowView,
} from '../../../collector/aggregate/windows/upstream.ts';
import type { AlertValues } from '../../../collector/model.ts';

const at = (second: number, more: Partial<WindowView> = {}): WindowView => ({
  second,
  nowSeconds: 5,
  failTimeout: 10,
  isCovered: true,
  ...more,
});

describe('seconds', () => {
  test('counts between two ages, and forgets what is older than the ring', () => {
    const seconds = createSeconds(['a', 'b']);
    seconds.add('a', 1000, 2);
    seconds.add('a', 1010, 3);
    seconds.add('b', 1010, 1);
    expect(seconds.sum('a', 1010, 0, 4)).toBe(3);
    expect(seconds.sum('a', 1010, 0, 10)).toBe(5);
    expect(seconds.sum('a', 1020, 10, 19)).toBe(3);
    expect(seconds.sum('a', 1020, 10, 20)).toBe(5);
    expect(seconds.sum('a', 1256, 0, 255)).toBe(3);
    expect(seconds.sum('b', 2000, 0, 255)).toBe(0);
    seconds.add('a', 1300, 1);
    seconds.add('a', 1300 - 256, 7);
    expect(seconds.sum('a', 1300, 0, 255)).toBe(1);
  });

  test('a line of a second that has not begun here is of now', () => {
    const seconds = createSeconds(['a']);
    seconds.add('a', 11, 1);
    expect(seconds.sum('a', 10, 0, 4)).toBe(1);
  });

  test('beside: at most a second apart', () => {
    const seconds = createSeconds(['a', 'b', 'c']);
    for (const second of [10, 20, 30]) seconds.add('a', second, 2);
    seconds.add('b', 11, 1);
    seconds.add('c', 19, 1);
    seconds.add('c', 32, 1);
    expect(seconds.sumBeside('a', ['b', 'c'], 40, 0, 59)).toBe(4);
  });
});

describe('the age of a line', () => {
  const now = 1_800_000_000;
  test.each([
    ['of this second', now, 0],
    ['10 s ago', now - 10, 10],
    ['an hour east', now + 3600 - 10, 10],
    ['half an hour west', now - 1800 - 75, 75],
    ['Nepal', now + 20_700 - 119, 119],
    ['a clock that is a little ahead', now + 2, 0],
    ['ten minutes old', now - 600, 600],
    ['without a time', -1, 0],
  ])('%s', (_name, wall, age) => expect(ageOf(wall, now)).toBe(age));
});

describe('an upstream', () => {
  /** Values second by second, as a plugin that ticks has them. */
  function played(
    events: readonly (readonly [UpstreamEvent, number, number?])[],
    until: number,
    more: Partial<WindowView> = {},
  ) {
    const window = createUpstreamWindow();
    const step = more.nowSeconds !== undefined && more.nowSeconds > 5 ? more.nowSeconds : 1;
    const values: AlertValues[] = [];
    for (let second = 0; second <= until; second++) {
      for (const [event, at, count] of events) if (at === second) window.add(event, second, count);
      values.push(second % step === 0 ? window.values(at(second, more)) : (values.at(-1) ?? {}));
    }
    return (name: string) => values.map((each) => each[name]);
  }
  const every = (event: UpstreamEvent, from: number, to: number, step = 1): [UpstreamEvent, number][] =>
    Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => [event, from + i * step]);
  const raisedAt = (values: readonly (number | undefined)[]) => values.findIndex((value) => (value ?? 0) > 0);
  const clearAt = (values: readonly (number | undefined)[]) =>
    values.reduce<number>((last, value, at) => ((value ?? 0) > 0 ? at + 1 : last), 0);

  test.each<[string, [UpstreamEvent, number][], Partial<WindowView>, number, number]>([
    [
      'an outage is sustained 10 s after its first failure, until a minute after its last',
      every('lost', 100, 130),
      {},
      110,
      189,
    ],
    ['a restart of 3 s is not', every('lost', 100, 103), {}, -1, 0],
    ['one failure is not', [['lost', 100]], {}, -1, 0],
    ['ten requests a minute, all failing', every('lost', 100, 220, 6), {}, 110, 274],
    ['six requests a minute, all failing, without a pause', every('lost', 100, 400, 10), {}, 110, 450],
    ['fail_timeout=30s: tried every 31 s', every('lost', 100, 200, 31), { failTimeout: 30 }, 131, 253],
    ['fail_timeout=10s: 31 s apart are two accidents', every('lost', 100, 200, 31), { failTimeout: 10 }, -1, 0],
    [
      'update_every 10: what happened since the last tick is now',
      every('lost', 100, 160, 9),
      { nowSeconds: 10 },
      110,
      220,
    ],
  ])('%s', (_name, events, more, raised, clear) => {
    const values = played(events, 500, more)('lost_sustained');
    expect([raisedAt(values), clearAt(values)]).toEqual([raised, clear]);
  });

  test('a rolling restart of a minute hides nothing for long; a peer that stays away does', () => {
    const rolling = [...every('masked', 100, 103), ...every('masked', 112, 115), ...every('masked', 124, 127)];
    const withConnects = (masked: [UpstreamEvent, number][]) =>
      masked.flatMap(([event, at]): [UpstreamEvent, number][] => [
        [event, at],
        ['connect', at],
      ]);
    expect(raisedAt(played(withConnects(rolling), 300)('masked_sustained'))).toBe(-1);
    const away = withConnects(every('masked', 100, 260, 11));
    expect(raisedAt(played(away, 400)('masked_sustained'))).toBe(160);
    expect(raisedAt(played([...away, ['lost', 155]], 200)('masked_sustained'))).toBe(-1);
  });

  test('where the log_format has no connect time, error lines of the same second decide', () => {
    const both = [...every('unsure', 100, 130), ...every('connect', 100, 115), ...every('later', 117, 130)];
    const of = played(both, 130);
    expect(of('lost_sustained').at(-1)).toBe(16);
    expect(of('failed_after_sustained').at(-1)).toBe(14);
  });

  test('what the application says itself counts above twice its share of the hour before', () => {
    const window = createUpstreamWindow();
    for (let second = 0; second < 3000; second++) {
      window.add('requests', second, 100);
      if (second % 10 === 0) window.add('own', second, 10);
    }
    expect(window.values(at(2999))).toMatchObject({ failed_after_sustained: 0 });
    for (let second = 3000; second < 3060; second++) {
      window.add('requests', second, 100);
      window.add('own', second, 3);
    }
    expect(window.values(at(3059))).toMatchObject({ failed_after_sustained: 180, failed_after_share: 3 });
  });

  test('the worst minute stands until it is over', () => {
    const of = played([...every('broke', 100, 130), ...every('requests', 100, 400)], 300);
    const counts = of('failed_after_sustained');
    expect([raisedAt(counts), counts[130], counts[180], clearAt(counts)]).toEqual([110, 30, 30, 189]);
    expect(of('failed_after_share')[150]).toBe(100);
  });

  test('in no access log: what breaks is inferred from the error log', () => {
    const events = every('later', 100, 130);
    expect(played(events, 130)('inferred_after_sustained').at(-1)).toBe(0);
    const of = played(events, 130, { isCovered: false });
    expect([of('inferred_after_sustained').at(-1), of('failed_after_sustained').at(-1)]).toEqual([30, 0]);
  });
});

test('a peer: timed out now and before', () => {
  const window = createPeerWindow();
  window.add('timed_out', 100);
  expect(window.timesOut(at(101))).toBe(false);
  window.add('timed_out', 160);
  expect(window.timesOut(at(161))).toBe(true);
  expect(window.timesOut(at(166))).toBe(false);
});

describe('coverage', () => {
  const covering = (names: readonly string[], uncovered: readonly string[] = []) => {
    const coverage = createCoverage();
    coverage.follow({ covered: new Set(names), uncovered: new Set(uncovered), flushSeconds: 60 });
    return coverage;
  };

  test('by the configuration, else by what was seen; one place that logs nothing is enough', () => {
    const coverage = covering(['a', 'b'], ['b']);
    coverage.seen('b');
    coverage.seen('c');
    expect(['a', 'b', 'c', 'd'].map(coverage.isCovered)).toEqual([true, false, true, false]);
  });

  test('each attempt accounts for one failure; what is left after 90 s and the flush is missed', () => {
    const coverage = covering(['a']);
    for (const second of [10, 10, 11]) coverage.expectAttempt('p', second);
    coverage.attempted('p', 12);
    expect(coverage.settle(160, true)).toEqual(new Map());
    expect(coverage.settle(161, true)).toEqual(new Map([['p', 1]]));
    expect(coverage.settle(162, true)).toEqual(new Map([['p', 1]]));
    expect(coverage.settle(163, true)).toEqual(new Map());
  });

  test('while the access log cannot be read nobody waits for it, and nothing is missed', () => {
    const coverage = covering(['a']);
    coverage.expectAttempt('p', 10);
    expect(coverage.settle(11, false)).toEqual(new Map());
    expect(coverage.isCovered('a')).toBe(false);
    expect(coverage.settle(200, false)).toEqual(new Map());
    coverage.settle(201, true);
    expect(coverage.isCovered('a')).toBe(true);
    expect(coverage.settle(400, true)).toEqual(new Map());
  });

  test('an attempt that is read before its error line accounts for it, but not for one of later', () => {
    const coverage = covering(['a']);
    coverage.attempted('p', 10);
    coverage.expectAttempt('p', 11);
    coverage.attempted('p', 12);
    coverage.settle(20, true);
    coverage.expectAttempt('p', 20);
    expect(coverage.settle(171, true)).toEqual(new Map([['p', 1]]));
  });

  test('a configuration that is wrong about it is believed no longer, and that is kept', () => {
    const coverage = covering(['a']);
    coverage.missed('a', 2);
    expect(coverage.isCovered('a')).toBe(true);
    coverage.missed('a', 1);
    expect(coverage.isCovered('a')).toBe(false);
    const next = covering(['a']);
    next.restore(coverage.save());
    expect(next.isCovered('a')).toBe(false);
  });
});
