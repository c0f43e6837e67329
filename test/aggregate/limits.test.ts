import { expect, test } from 'vitest';
import { createConnectionUse } from '../../collector/aggregate/access/connection-use.ts';
import { descriptorShare } from '../../collector/aggregate/server/descriptors.ts';
import { portsUsed, tcpStatesOf } from '../../collector/parse/proc/tcp-states.ts';

const files = (openFiles: number | null, limit: number | null) => ({ openFiles, limit });

test.each([
  ['the worker nearest its limit', [files(10, 100), files(90, 100), files(200, 1000)], { is: 'known', percent: 90 }],
  ['one that has gone meanwhile', [files(null, 100), files(5, 100)], { is: 'known', percent: 5 }],
  ['unlimited', [files(10, Number.POSITIVE_INFINITY)], { is: 'known', percent: 0 }],
  ['a kernel that does not show it is never 0 %', [files(0, 100), files(0, 100)], { is: 'untold' }],
  ['a limit that cannot be read', [files(10, null)], { is: 'unknown' }],
  ['a limit of nothing', [files(10, 0)], { is: 'unknown' }],
  ['no workers', [], { is: 'unknown' }],
])('descriptors: %s', (_name, workers, expected) => {
  expect(descriptorShare(workers)).toEqual(expected);
});

const status = { active: 10, writing: 4 };
const sockets = { accepted: 9, toPeers: 8 };
const fresh = { isFresh: true };
const stale = { isFresh: false };

test.each([
  ['both known', { status, sockets, ...fresh, openFiles: [] }, 18],
  ['both known, and the kernel does not show descriptors', { status, sockets, ...stale, openFiles: [0] }, 18],
  ['no socket tables', { status, sockets: null, ...fresh, openFiles: [30] }, 14],
  ['stub_status never answered', { status: null, sockets, ...fresh, openFiles: [30] }, 17],
  ['nothing', { status: null, sockets: null, ...fresh, openFiles: [30] }, null],
])('worker_connections: %s', (_name, reading, expected) => {
  expect(createConnectionUse().record(reading)).toBe(expected);
});

test('worker_connections: between readings, and when stub_status answers no more, descriptors show it', () => {
  const use = createConnectionUse();
  expect(use.record({ status, sockets, ...fresh, openFiles: [20, 18] })).toBe(18);
  expect(use.record({ status: { active: 15, writing: 4 }, sockets, ...stale, openFiles: [25, 23] })).toBe(28);
  expect(use.record({ status: null, sockets: { accepted: 500, toPeers: 8 }, ...fresh, openFiles: [30, 28] })).toBe(38);
  expect(use.record({ status: null, sockets: null, ...stale, openFiles: [2, 2] })).toBe(0);
  // Three workers have half as much again that is no connection.
  expect(use.record({ status: null, sockets, ...stale, openFiles: [20, 18, 10] })).toBe(18);
  expect(use.record({ status: null, sockets, ...stale, openFiles: [null, 18] })).toBe(17);
});

test('worker_connections: a comparison made while connections came and went is outvoted', () => {
  const use = createConnectionUse();
  for (let tick = 0; tick < 3; tick++) use.record({ status, sockets, ...fresh, openFiles: [30] });
  use.record({ status, sockets: { accepted: 0, toPeers: 500 }, ...fresh, openFiles: [30] });
  expect(use.record({ status: null, sockets, ...stale, openFiles: [40] })).toBe(28);
});

test('TCP states by the kernel’s numbers, and the local ports they hold', () => {
  const states = tcpStatesOf((number) => 10 ** number);
  expect(states).toEqual({
    established: 10,
    syn_sent: 100,
    fin_wait: 10 ** 4 + 10 ** 5 + 10 ** 9 + 10 ** 11,
    time_wait: 10 ** 6,
    close_wait: 10 ** 8,
  });
  expect(portsUsed(tcpStatesOf(() => 1))).toBe(8);
});
