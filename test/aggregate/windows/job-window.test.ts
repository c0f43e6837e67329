/** What the alerts of a job read, from snapshots. */
import { describe, expect, test } from 'vitest';
import { createJobWindow } from '../../../collector/aggregate/windows/job.ts';
import { connectKinds, type JobSnapshot, requestClasses } from '../../../collector/model.ts';
import { job, zeros } from '../../charts/snapshots.ts';

const connections = (active: number, writing: number, dropped = 0) => ({
  active,
  reading: 0,
  writing,
  waiting: 0,
  accepted: 0,
  handled: 0,
  dropped,
  requests: 0,
});

/** One snapshot a second; gives what was sent at the last. */
function played(snapshots: readonly Partial<JobSnapshot>[]) {
  const window = createJobWindow();
  let last: Readonly<Record<string, number>> = {};
  for (const [second, some] of snapshots.entries()) last = window.values(job(some), second, 0);
  return { last, window };
}
const times = (count: number, some: Partial<JobSnapshot>) => Array.from({ length: count }, () => some);

describe('workers', () => {
  const workers = (running: number, configured: number | null) => ({
    workers: { running, shuttingDown: 0, configured, reloads: 0, restarts: 0 },
  });
  test.each([
    ['one missing for 30 s', times(31, workers(3, 4)), 1],
    ['for 29 s', times(30, workers(3, 4)), 0],
    ['two', times(40, workers(2, 4)), 2],
    ['all there', times(40, workers(4, 4)), 0],
    ['more than configured, after a reload', times(40, workers(6, 4)), 0],
    ['none runs: nginx is down, not its workers', times(40, workers(0, 4)), 0],
    ['the configuration is not known', times(40, workers(1, null)), 0],
    ['back in between', [...times(20, workers(3, 4)), workers(4, 4), ...times(20, workers(3, 4))], 0],
  ])('%s', (_name, snapshots, missing) => expect(played(snapshots).last['workers_missing']).toBe(missing));
});

describe('writing', () => {
  test.each<[string, Partial<JobSnapshot>[], number, number]>([
    ['idle: only the request for the page', times(120, { connections: connections(1, 1) }), 0, 0],
    ['websockets all day', times(700, { connections: connections(101, 91) }), 90, 90],
    ['right after the start nothing is known of before', times(50, { connections: connections(101, 91) }), 90, 100],
    [
      'a rise',
      [...times(300, { connections: connections(41, 1) }), ...times(60, { connections: connections(41, 37) })],
      90,
      0,
    ],
    [
      'gaps are no zeros',
      [...times(60, { connections: connections(41, 21) }), ...times(30, { connections: null })],
      50,
      50,
    ],
  ])('%s', (_name, snapshots, share, before) => {
    const { last } = played(snapshots);
    expect([last['writing_share'], last['writing_share_before']]).toEqual([share, before]);
  });
});

test('totals that were there before the first reading are of no second', () => {
  const requests = (status_502: number) => ({ requests: zeros(requestClasses, { status_502 }) });
  const { window } = played([requests(1_000), requests(1_003)]);
  expect(window.serverErrors(1)).toEqual({ lastMinute: 3, minuteBefore: 0 });
  expect(window.serverErrors(70)).toEqual({ lastMinute: 0, minuteBefore: 3 });
});

test('error lines of limits, drops, unmatched lines', () => {
  const at = (n: number): Partial<JobSnapshot> => ({
    connectFailures: zeros(connectKinds, { worker_connections: n, no_files: 2 * n }),
    connections: connections(1, 1, 3 * n),
    lines: { read: 10 * n, unmatched: n, foreign: 0, forged: 0, overlong: 0, lost: 0 },
  });
  const { last } = played([at(0), at(1), at(1)]);
  expect(last).toMatchObject({
    worker_connections_1m: 1,
    no_files_1m: 2,
    dropped_1m: 3,
    dropped_now: 3,
    dropped_before: 0,
    unmatched_1m: 1,
    lines_1m: 10,
  });
});

test('a source that fails is reported after 30 s', () => {
  const failing = { sources: { ok: 1, failing: 1 } };
  expect(played(times(30, failing)).last['sources_failing']).toBe(0);
  expect(played(times(31, failing)).last['sources_failing']).toBe(1);
});
