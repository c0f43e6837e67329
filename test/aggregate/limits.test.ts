import { expect, test } from 'vitest';
import { createConnectionUse } from '../../collector/aggregate/connection-use.ts';
import { descriptorsUsed } from '../../collector/aggregate/descriptors.ts';
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
  ['both known', { status, sockets, openFiles: [] }, 18],
  ['no socket tables', { status, sockets: null, openFiles: [] }, 14],
  [
    'stub_status never answered, and the kernel does not tell descriptors',
    { status: null, sockets, openFiles: [0] },
    17,
  ],
  ['nothing', { status: null, sockets: null, openFiles: [30] }, null],
])('worker_connections: %s', (_name, reading, expected) => {
  expect(createConnectionUse().record(reading)).toBe(expected);
});

test('worker_connections: when stub_status answers no more, the descriptors that came since are connections', () => {
  const use = createConnectionUse();
  expect(use.record({ status, sockets, openFiles: [20, 18] })).toBe(18);
  expect(use.record({ status: null, sockets: { accepted: 500, toPeers: 8 }, openFiles: [30, 28] })).toBe(38);
  expect(use.record({ status: null, sockets: null, openFiles: [2, 2] })).toBe(0);
  expect(use.record({ status: null, sockets, openFiles: [20, 18, 10] })).toBe(18);
  expect(use.record({ status: null, sockets, openFiles: [null, 18] })).toBe(17);
  expect(use.record({ status: null, sockets, openFiles: [] })).toBe(17);
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
