/** What alerts read, by its definition: measures 12 and 13. */
import { describe, expect, test } from 'vitest';
import { ageOf } from '../../../collector/aggregate/windows/age.ts';
import { createCoverage } from '../../../collector/aggregate/windows/coverage.ts';
import { createPeerWindow } from '../../../collector/aggregate/windows/peer.ts';
import { createSeconds } from '../../../collector/aggregate/windows/seconds.ts';
import { createUpstreamWindow, type WindowView } from '../../../collector/aggregate/windows/upstream.ts';

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
  test('now, before and the minute, whatever the interval', () => {
    const window = createUpstreamWindow();
    window.add('lost', 100);
    expect(window.values(at(100))).toMatchObject({ lost_5s: 1, lost_before: 0, lost_1m: 1 });
    expect(window.values(at(104))).toMatchObject({ lost_5s: 1 });
    expect(window.values(at(105))).toMatchObject({ lost_5s: 0, lost_before: 0, lost_1m: 1 });
    expect(window.values(at(109, { nowSeconds: 10 }))).toMatchObject({ lost_5s: 1 });
    expect(window.values(at(110))).toMatchObject({ lost_before: 1 });
    expect(window.values(at(119))).toMatchObject({ lost_before: 1 });
    expect(window.values(at(120))).toMatchObject({ lost_before: 0 });
    expect(window.values(at(159))).toMatchObject({ lost_1m: 1 });
    expect(window.values(at(160))).toMatchObject({ lost_1m: 0 });
  });

  test('before reaches back to twice the longest fail_timeout', () => {
    const window = createUpstreamWindow();
    window.add('no_live', 100);
    expect(window.values(at(159, { failTimeout: 30 }))).toMatchObject({ no_live_before: 1 });
    expect(window.values(at(160, { failTimeout: 30 }))).toMatchObject({ no_live_before: 0 });
    expect(window.values(at(300, { failTimeout: 3600 }))).toMatchObject({ no_live_before: 1 });
  });

  test('where the log_format has no connect time, error lines of the same second decide', () => {
    const window = createUpstreamWindow();
    window.add('unsure', 100, 4);
    window.add('connect', 100);
    window.add('unsure', 105, 2);
    window.add('later', 105);
    window.add('unsure', 110, 8);
    expect(window.values(at(112))).toMatchObject({ lost_1m: 4, failed_after_1m: 2 });
  });

  test('what the application says itself counts above twice its share of the hour before', () => {
    const window = createUpstreamWindow();
    for (let second = 0; second < 3000; second++) {
      window.add('requests', second, 100);
      if (second % 10 === 0) window.add('own', second, 10);
    }
    expect(window.values(at(2999))).toMatchObject({ failed_after_1m: 0 });
    for (let second = 3000; second < 3060; second++) {
      window.add('requests', second, 100);
      window.add('own', second, 3);
    }
    expect(window.values(at(3059))).toMatchObject({ failed_after_1m: 180, requests_1m: 6000 });
  });

  test('in no access log: what breaks is inferred from the error log', () => {
    const window = createUpstreamWindow();
    window.add('later', 100, 3);
    expect(window.values(at(101))).toMatchObject({ inferred_after_1m: 0 });
    expect(window.values(at(101, { isCovered: false }))).toMatchObject({
      inferred_after_1m: 3,
      failed_after_5s: 3,
      failed_after_1m: 0,
    });
  });

  test('the share of requests is told only where it is asked for', () => {
    const window = createUpstreamWindow();
    window.add('requests', 100, 7);
    expect(window.values(at(100))['requests_1m']).toBe(0);
    window.add('broke', 100);
    expect(window.values(at(100))['requests_1m']).toBe(7);
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
    expect(coverage.settle(160)).toEqual(new Map());
    expect(coverage.settle(161)).toEqual(new Map([['p', 1]]));
    expect(coverage.settle(162)).toEqual(new Map([['p', 1]]));
    expect(coverage.settle(163)).toEqual(new Map());
  });

  test('an attempt that is read before its error line accounts for it, but not for one of later', () => {
    const coverage = covering(['a']);
    coverage.attempted('p', 10);
    coverage.expectAttempt('p', 11);
    coverage.attempted('p', 12);
    coverage.settle(20);
    coverage.expectAttempt('p', 20);
    expect(coverage.settle(171)).toEqual(new Map([['p', 1]]));
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
