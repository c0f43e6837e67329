import { expect, test } from 'vitest';
import { connectionsUsed, descriptorsUsed } from '../../collector/aggregate/limits.ts';
import { peerStates, portsUsed } from '../../collector/aggregate/peer-sockets.ts';

const files = (openFiles: number | null, limit: number | null) => ({ openFiles, limit });

test.each([
  ['the worker nearest its limit', [files(10, 100), files(90, 100), files(200, 1000)], { is: 'known', percent: 90 }],
  ['one that has gone meanwhile', [files(null, 100), files(5, 100)], { is: 'known', percent: 5 }],
  ['unlimited', [files(10, Number.POSITIVE_INFINITY)], { is: 'known', percent: 0 }],
  ['a kernel that does not tell is never 0 %', [files(0, 100), files(0, 100)], { is: 'untold' }],
  ['a limit that cannot be read', [files(10, null)], { is: 'unknown' }],
  ['a limit of nothing', [files(10, 0)], { is: 'unknown' }],
  ['no workers', [], { is: 'unknown' }],
])('descriptors: %s', (_name, workers, expected) => {
  expect(descriptorsUsed(workers)).toEqual(expected);
});

const status = { active: 10, writing: 4 };
const sockets = { accepted: 9, toPeers: 8 };

test.each([
  ['both known', { status, sockets }, 18],
  ['stub_status answers no more: at the limit', { status: null, sockets }, 17],
  ['no socket tables', { status, sockets: null }, 14],
  ['nothing', { status: null, sockets: null }, null],
])('worker_connections: %s', (_name, use, expected) => {
  expect(connectionsUsed(use)).toBe(expected);
});

test('TCP states by the kernel’s numbers, and the local ports they hold', () => {
  const states = peerStates((number) => 10 ** number);
  expect(states).toEqual({
    established: 10,
    syn_sent: 100,
    fin_wait: 10 ** 4 + 10 ** 5 + 10 ** 9 + 10 ** 11,
    time_wait: 10 ** 6,
    close_wait: 10 ** 8,
  });
  expect(portsUsed(peerStates(() => 1))).toBe(8);
});
