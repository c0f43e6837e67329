/** Requests that wait while nothing has failed yet, and what only looks like it. */
import { expect, test } from 'vitest';
import {
  createStallTally,
  hungRequests,
  type OpenConnections,
  type StallTally,
} from '../../../collector/diagnose/impact/stalls.ts';

const now = 1_000_000_000;
const ago = (seconds: number): number => now - seconds * 1000;

/** `perSecond` answers from so many seconds ago to so many, each in `tookMs`. */
const steady = (perSecond: number, from: number, to: number, tookMs: number) => (tally: StallTally) => {
  for (let at = from; at >= to; at -= 1 / perSecond) tally.answered('p', 1, tookMs, ago(at));
};
const left = (times: number, from: number) => (tally: StallTally) => {
  for (let n = 0; n < times; n++) tally.abandoned('p', 1, ago(from - n));
};
const open = (count: number, grown = 1): OpenConnections => ({ now: count, grown });

test.each<[string, readonly ((tally: StallTally) => void)[], OpenConnections, boolean]>([
  ['it hangs for 15 s, and more come', [steady(2, 60, 15, 20)], open(30), true],
  ['it hangs for 6 s', [steady(2, 60, 6, 20)], open(12), true],
  ['it hangs since the third answer of a new log', [steady(2, 17, 15, 20)], open(30), true],
  ['the first seconds', [steady(2, 60, 3, 20)], open(6), false],
  ['clients leave after 3 s, one by one', [steady(2, 60, 15, 20), left(12, 12)], open(0, 0), true],
  ['clients leave, and it has never answered', [left(10, 12)], open(0, 0), true],
  ['two clients leave', [steady(2, 60, 15, 20), left(2, 12)], open(0, 0), false],
  ['clients leave while others are answered', [steady(2, 60, 0.1, 20), left(12, 12)], open(9), false],
  ['idle: nobody asks', [steady(2, 60, 15, 20)], open(0, 0), false],
  ['websockets are open, and the page was loaded before', [steady(10, 20, 15, 20)], open(9, 0), false],
  ['connections kept alive, no new ones', [steady(2, 60, 15, 20)], open(16, 0), false],
  ['one slow request, another comes', [steady(2, 60, 15, 20)], open(2), false],
  ['a slow application: 15 s are usual there', [steady(2, 300, 15, 4000)], open(30), false],
  ['long polls of 15 s', [steady(1, 300, 14, 15_000)], open(15), false],
  ['hardly any traffic', [steady(0.1, 300, 15, 20)], open(4), false],
  ['nothing is known of it', [], open(30), false],
])('%s', (_, acts, connections, expected) => {
  const tally = createStallTally(10);
  for (const act of acts) act(tally);
  expect(tally.of('p', connections, now) !== null).toBe(expected);
});

test.each<[string, number, boolean]>([
  ['no buffer', 0, true],
  ['buffer=64k flush=10s: the last lines are not there yet', 10_000, false],
  ['buffer=64k flush=1s', 1000, true],
  ['buffer=64k, written when it is full', 600_000, false],
])('an access log that nginx buffers shows no silence: %s', (_, bufferedMs, expected) => {
  const tally = createStallTally(10, () => bufferedMs);
  steady(20, 60, 12, 20)(tally);
  expect([tally.isSilent('p', now), tally.of('p', open(6), now) !== null]).toEqual([expected, expected]);
  const mute = createStallTally(10, () => bufferedMs);
  left(8, 9)(mute);
  expect(mute.of('p', open(0, 0), now) !== null).toBe(expected);
});

test.each<[string, readonly ((tally: StallTally) => void)[], number, boolean]>([
  ['two seconds of silence at a steady pace', [steady(20, 60, 2, 20)], 0, true],
  ['one second', [steady(20, 60, 1, 20)], 0, false],
  ['two seconds, where two answers are missing', [steady(1, 60, 2, 20)], 0, false],
  ['two seconds, where answers take half a second', [steady(20, 60, 2, 500)], 0, false],
  ['lines that nginx keeps back', [steady(20, 60, 2, 20)], 10_000, false],
  ['nothing is known of it', [], 0, false],
])('too soon for a verdict, and not healthy: %s', (_, acts, bufferedMs, expected) => {
  const tally = createStallTally(10, () => bufferedMs);
  for (const act of acts) act(tally);
  expect([tally.isHushed('p', now), tally.of('p', open(9), now)]).toEqual([expected, null]);
});

test('what is usual is decided by 99 of 100, and a rare slow one changes nothing', () => {
  const tally = createStallTally(10);
  steady(10, 60, 10, 20)(tally);
  tally.answered('p', 1, 60_000, ago(11));
  expect(tally.of('p', open(9), now)).toMatchObject({ waiting: 9, usualMs: 32 });
});

test('an answer ends it; names in a log make no memory without end', () => {
  const tally = createStallTally(1);
  left(10, 12)(tally);
  tally.answered('p', 1, 20, ago(1));
  expect(tally.of('p', open(9), now)).toBeNull();
  for (let n = 0; n < 10; n++) tally.abandoned('q', 1, ago(12));
  expect(tally.of('q', open(9), now)).toBeNull();
});

test.each<[string, readonly ((tally: StallTally) => void)[], OpenConnections, number]>([
  ['docker pause, clients leave after 5 s', [steady(4, 60, 12, 20), left(5, 7)], open(4), 9],
  ['docker pause, a single client leaves every 5 s', [steady(4, 60, 26, 20), left(5, 21)], open(1, 0), 6],
  ['the first seconds of it', [steady(4, 60, 9, 20), left(5, 8)], open(4), 0],
  ['all clients wait: nginx will write its 504', [steady(4, 60, 12, 20)], open(9), 0],
  ['websockets come again after a break of the network', [steady(1, 60, 12, 20)], open(30), 0],
  ['it has never answered, and clients leave: long polls', [left(10, 20)], open(4), 0],
  ['it has not answered for a minute, and clients leave', [left(10, 65)], open(4), 14],
  ['it answers others', [steady(4, 60, 1, 20), left(5, 7)], open(4), 0],
])('requests that no log will count: %s', (_, acts, connections, expected) => {
  const tally = createStallTally(10);
  for (const act of acts) act(tally);
  expect(hungRequests(tally.of('p', connections, now))).toBe(expected);
});
