import { describe, expect, test } from 'vitest';
import {
  type CheckedPeer,
  createPassiveHealth,
  isCountedAgainstPeer,
} from '../../collector/aggregate/failures/passive-health.ts';

const second = 1_000_000;
const peer = (name: string, some: Partial<CheckedPeer> = {}): CheckedPeer => ({
  upstream: 'app',
  instance: 'app',
  peer: name,
  maxFails: 1,
  failTimeoutSeconds: 10,
  zone: null,
  down: false,
  single: false,
  ...some,
});
const pair = [peer('a'), peer('b')];

/** A step: at second `at`, worker `pid` failed at the peer, or was seen to eject it, or somebody got an answer. */
type Step = readonly [at: number, what: 'fails' | 'disabled' | 'answers' | 'looks', peer: string, pid?: number];

function replay(peers: readonly CheckedPeer[], steps: readonly Step[], workers: readonly number[] | null = [1]) {
  const health = createPassiveHealth();
  health.configure(peers);
  health.setWorkers(workers);
  return steps.map(([at, what, name, pid = 1]) => {
    const nowUs = at * second;
    if (what === 'fails') health.failed('app', name, pid, nowUs);
    if (what === 'disabled') health.disabled('app', name, pid, nowUs);
    if (what === 'answers') health.succeeded('app', name, nowUs);
    health.settle(nowUs);
    return health.peer('app', name)?.state;
  });
}

describe('the state of a peer after each step', () => {
  test.each<
    [string, readonly CheckedPeer[], readonly Step[], readonly (string | undefined)[], (readonly number[] | null)?]
  >([
    ['max_fails=1: one failure ejects', pair, [[0, 'fails', 'a']], ['unavailable']],
    [
      'max_fails=3: the third ejects',
      [peer('a', { maxFails: 3 }), peer('b')],
      [
        [0, 'fails', 'a'],
        [1, 'fails', 'a'],
        [2, 'fails', 'a'],
      ],
      ['up', 'up', 'unavailable'],
    ],
    [
      'failures within fail_timeout of each other add up, whatever succeeds in between',
      [peer('a', { maxFails: 2 }), peer('b')],
      [
        [0, 'fails', 'a'],
        [5, 'answers', 'a'],
        [9, 'fails', 'a'],
      ],
      ['up', 'up', 'unavailable'],
    ],
    [
      'a success after fail_timeout begins anew',
      [peer('a', { maxFails: 2 }), peer('b')],
      [
        [0, 'fails', 'a'],
        [11, 'answers', 'a'],
        [12, 'fails', 'a'],
      ],
      ['up', 'up', 'up'],
    ],
    [
      'a success within fail_timeout is of a request that had begun before: the peer stays ejected',
      pair,
      [
        [0, 'fails', 'a'],
        [10, 'answers', 'a'],
        [11, 'answers', 'a'],
      ],
      ['unavailable', 'unavailable', 'up'],
    ],
    [
      'tried again and failed again: never up in between',
      pair,
      [
        [0, 'fails', 'a'],
        [11, 'looks', 'a'],
        [12, 'fails', 'a'],
        [23, 'fails', 'a'],
      ],
      ['unavailable', 'unavailable', 'unavailable', 'unavailable'],
    ],
    [
      'no success can be seen: up when fail_timeout has passed twice without a failure',
      pair,
      [
        [0, 'fails', 'a'],
        [20, 'looks', 'a'],
        [21, 'looks', 'a'],
      ],
      ['unavailable', 'unavailable', 'up'],
    ],
    [
      'one of two workers has ejected it, then both',
      pair,
      [
        [0, 'fails', 'a', 1],
        [1, 'fails', 'a', 2],
      ],
      ['failing', 'unavailable'],
      [1, 2],
    ],
    [
      'in a zone one worker speaks for all',
      pair.map((one) => ({ ...one, zone: 'z' })),
      [[0, 'fails', 'a', 1]],
      ['unavailable'],
      [1, 2],
    ],
    ['workers are not known: failing at most', pair, [[0, 'fails', 'a', 1]], ['failing'], null],
    [
      'the line says so, however many failures were seen',
      [peer('a', { maxFails: 9 }), peer('b')],
      [[0, 'disabled', 'a']],
      ['unavailable'],
    ],
    ['max_fails=0: nothing is checked', [peer('a', { maxFails: 0 }), peer('b')], [[0, 'fails', 'a']], [undefined]],
    ['a group of one peer: nothing is checked', [peer('a', { single: true })], [[0, 'fails', 'a']], [undefined]],
    ['down: nothing is checked', [peer('a', { down: true }), peer('b')], [[0, 'fails', 'a']], [undefined]],
    [
      'a peer of several groups: nobody can say in which it failed',
      [peer('a', { instance: 'app / other' }), peer('b')],
      [[0, 'fails', 'a']],
      [undefined],
    ],
    ['a peer in no configuration', pair, [[0, 'fails', 'c']], [undefined]],
  ])('%s', (_name, peers, steps, states, workers = [1]) => {
    expect(replay(peers, steps, workers)).toEqual(states);
  });
});

test('each ejection and each return is counted once, however many workers there are', () => {
  const health = createPassiveHealth();
  health.configure(pair);
  health.setWorkers([1, 2]);
  for (const round of [0, 100, 200]) {
    for (const pid of [1, 2]) {
      health.failed('app', 'a', pid, (round + pid) * second);
      health.settle((round + pid) * second);
    }
    health.succeeded('app', 'a', (round + 20) * second);
    health.settle((round + 20) * second);
  }
  expect(health.peer('app', 'a')?.transitions).toEqual({ ejected: 3, returned: 3 });
});

test('live peers: those marked down do not count, those that nothing checks are live', () => {
  const health = createPassiveHealth();
  health.configure([...pair, peer('c', { maxFails: 0 }), peer('d', { down: true })]);
  health.setWorkers([1]);
  expect(health.upstream('app')).toEqual({ live: 3, configured: 3 });
  health.failed('app', 'a', 1, 0);
  health.failed('app', 'c', 1, 0);
  health.settle(0);
  expect(health.upstream('app')).toEqual({ live: 2, configured: 3 });
  expect(health.upstream('other')).toBeUndefined();
});

test('after a reload the new workers know of no failure; the configuration may have changed and totals continue', () => {
  const health = createPassiveHealth();
  health.configure(pair);
  health.setWorkers([1, 2]);
  for (const pid of [1, 2]) health.failed('app', 'a', pid, 0);
  health.settle(0);
  health.setWorkers([3, 4]);
  health.configure([...pair, peer('c')]);
  health.settle(second);
  expect(health.peer('app', 'a')).toEqual({ state: 'up', transitions: { ejected: 1, returned: 1 } });
});

describe('which failures nginx counts', () => {
  test.each([
    ['refused', 'connecting to upstream', true],
    ['tls', 'SSL handshaking to upstream', true],
    ['reset', 'sending request to upstream', true],
    ['bad_response', 'reading response header from upstream', true],
    ['reset', 'reading upstream', false],
    ['read_timeout', 'reading upstream', false],
    ['no_files', 'connecting to upstream', false],
    ['worker_connections', 'connecting to upstream', false],
    ['no_live', 'connecting to upstream', false],
    ['disabled', 'connecting to upstream', false],
    ['unrelated', 'sending to client', false],
    ['refused', null, false],
  ] as const)('%s while %s: %s', (kind, action, counted) => {
    expect(isCountedAgainstPeer(kind, action)).toBe(counted);
  });
});

test('a group of which all are marked down has nobody in it; one that is not known has no count', () => {
  const health = createPassiveHealth();
  health.configure([peer('a', { down: true }), peer('b', { down: true })]);
  expect(health.upstream(peer('a').upstream)).toEqual({ live: 0, configured: 0 });
  expect(health.upstream('another')).toBeUndefined();
});
