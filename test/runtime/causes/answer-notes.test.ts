/** What peers answered, out of the running totals of their attempts. */
import { expect, test } from 'vitest';
import { tally } from '../../../collector/aggregate/failures/tally.ts';
import { createAnswerTally } from '../../../collector/diagnose/impact/answers.ts';
import { createStallTally } from '../../../collector/diagnose/impact/stalls.ts';
import { type AttemptKind, outcomes as outcomeNames, type PeerSnapshot } from '../../../collector/model.ts';
import { createAnswerNotes, isConnected } from '../../../collector/runtime/causes/answer-notes.ts';

const now = 1_000_000_000;
const peer = (attempts: Partial<Record<AttemptKind, number>> | null, upstream = 'app'): PeerSnapshot => ({
  upstream,
  peer: '10.0.0.1:80',
  origin: 'configured',
  attempts,
});

/** Totals of a peer, one after the other, a second apart. */
function noted(...ticks: readonly (readonly PeerSnapshot[])[]) {
  const answers = createAnswerTally(10);
  const { note } = createAnswerNotes(answers, createStallTally(10));
  for (const [at, peers] of ticks.entries()) note({ peers, upstreams: [] }, now + at * 1000);
  return answers.of('10.0.0.1:80', now + ticks.length * 1000);
}

test.each([
  ['totals of before the first check are not news', [[peer({ connected: 9 })]], null],
  [
    'connected and reused',
    [[peer({ connected: 9 })], [peer({ connected: 10, reused: 2 })]],
    { connected: 3, serverErrors: 0, statuses: [] },
  ],
  [
    'its worst status',
    [[peer({ connected: 0 })], [peer({ connected: 5, status_502: 1, status_503: 3 })]],
    { connected: 5, serverErrors: 4, statuses: [503] },
  ],
  [
    'no more errors than connections',
    [[peer({ connected: 0 })], [peer({ connected: 1, status_504: 3 })]],
    { connected: 1, serverErrors: 1, statuses: [504] },
  ],
  [
    'a peer of two upstreams',
    [
      [peer({ connected: 1 }), peer({ connected: 5 }, 'api')],
      [peer({ connected: 2 }), peer({ connected: 7 }, 'api')],
    ],
    { connected: 3 },
  ],
  ['a gap between two totals', [[peer({ connected: 1 })], [peer(null)], [peer({ connected: 4 })]], null],
  ['a log_format that does not show connects', [[peer({ status_502: 1 })], [peer({ status_502: 2 })]], null],
])('%s', (_, ticks, expected) => {
  const found = noted(...ticks);
  if (expected === null) expect(found).toBeNull();
  else expect(found).toMatchObject(expected);
});

test('an error is of the last minute; one long after it begins another story', () => {
  const answers = createAnswerTally(2);
  answers.record('a', 2, 1, 502, now);
  answers.record('a', 1, 1, 500, now + 30_000);
  expect(answers.of('a', now + 31_000)).toMatchObject({
    statuses: [500, 502],
    firstErrorMs: now,
    lastConnectedMs: now,
  });
  expect(answers.erring(now + 31_000)).toEqual(['a']);
  expect(answers.erring(now + 91_000)).toEqual([]);
  answers.record('a', 1, 1, 503, now + 200_000);
  expect(answers.of('a', now + 200_000)).toMatchObject({ connected: 1, statuses: [503], firstErrorMs: now + 200_000 });
});

test('names in a log make no memory without end', () => {
  const answers = createAnswerTally(2);
  for (const name of ['a', 'b', 'c', 'a']) answers.record(name, 1, 0, null, now);
  answers.record('d', 0, 0, null, now);
  expect(answers.peers()).toEqual(['a', 'b']);
  expect(answers.of('c', now)).toBeNull();
});

test.each([
  [undefined, false],
  [null, false],
  [{ established: 0, time_wait: 0 }, false],
  [{ established: 1, time_wait: 0 }, true],
  [{ established: 0, time_wait: 1 }, true],
])('sockets %j: connected %s', (some, expected) => {
  const states = { syn_sent: 1, close_wait: 1, fin_wait: 1, established: 0, time_wait: 0, ...some };
  expect(isConnected(some && { states, queued: null, localPorts: null })).toBe(expected);
});

/** Ticks of a peer and of its upstream, a second apart: attempts that connected, outcomes, connections. */
function stalledAfter(ticks: readonly (readonly [connected: number, outcomes: number, open: number])[]) {
  const answers = createAnswerTally(10);
  const stalls = createStallTally(10);
  const notes = createAnswerNotes(answers, stalls);
  for (const [at, [connected, ok, established]] of ticks.entries()) {
    const states = { syn_sent: 0, close_wait: 0, fin_wait: 0, established, time_wait: 0 };
    const outcomes = { ...tally(outcomeNames), ok };
    const one: PeerSnapshot = { ...peer({ connected }), sockets: { states, queued: null, localPorts: null } };
    notes.note({ peers: [one], upstreams: [{ upstream: 'app', origin: 'configured', outcomes }] }, now + at * 1000);
  }
  const end = now + ticks.length * 1000;
  const stall = stalls.of('10.0.0.1:80', notes.open('10.0.0.1:80'), end);
  return {
    waiting: stall?.waiting ?? 0,
    isSucceeding: (answers.of('10.0.0.1:80', end)?.lastConnectedMs ?? 0) > end - 5000,
  };
}

const served = (count: number, open = 1) => Array.from({ length: count }, (_, at) => [2 * at, 2 * at, open] as const);
const after = (count: number, of: (at: number) => readonly [number, number, number]) =>
  Array.from({ length: count }, (_, at) => of(at + 1));

test.each([
  ['it answers', served(60), 0, true],
  ['it hangs: connections grow', [...served(60), ...after(10, (at) => [118, 118, 2 * at])], 20, false],
  ['its clients leave: no answer', [...served(60), ...after(10, (at) => [118 + at, 118, 3])], 13, false],
  ['nobody asks any more', [...served(60), ...after(10, () => [118, 118, 0])], 0, false],
  ['websockets stay open, and nobody asks', [...served(60, 9), ...after(10, () => [118, 118, 9])], 0, false],
])('%s', (_, ticks, waiting, isSucceeding) => {
  expect(stalledAfter(ticks as never)).toEqual({ waiting, isSucceeding });
});
