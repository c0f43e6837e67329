import { describe, expect, test } from 'vitest';
import { createJobAggregate } from '../../collector/aggregate/job.ts';
import type { ErrorLine, Kind } from '../../collector/model.ts';
import { errorLine, fine as health, load } from './kit.ts';

const line = (kind: Kind, peer: string | null): ErrorLine =>
  errorLine(kind, {
    time: '2026-11-22T07:30:45',
    message: 'connect() failed',
    upstream: peer === null ? null : { scheme: 'http', peer, uri: '/' },
  });
const hour = 3_600_000_000;

const aggregate = (maxPeers = 50) =>
  createJobAggregate({
    job: 'local',
    caps: { log: maxPeers, configured: 1000 },
    upstreamOf: (peer) => (peer.startsWith('10.') ? 'backend' : peer),
  });

describe('where a line counts', () => {
  test.each([
    ['refused: job, upstream, peer', 'refused', '10.0.0.1:80', 1, 'backend', '10.0.0.1:80'],
    ['reset: upstream and peer, but a connection was made', 'reset', '10.0.0.1:80', 0, 'backend', '10.0.0.1:80'],
    ['no live upstreams: job and the group, no peer', 'no_live', 'backend', 1, 'backend', null],
    ['refused, but the line was cut before its upstream: job only', 'refused', null, 1, null, null],
    ['a name that does not resolve: job only', 'resolve', null, 1, null, null],
    ['worker_connections: its peer is not to blame', 'worker_connections', '10.0.0.1:80', 1, 'backend', null],
    ['an ejection is no failure', 'disabled', '10.0.0.1:80', 0, null, null],
    ['client side', 'unrelated', '10.0.0.1:80', 0, null, null],
  ] as const)('%s', (_name, kind, peer, connects, upstream, counted) => {
    const job = aggregate();
    job.errorLine(line(kind, peer), 0);
    const snapshot = job.snapshot(0, health, load);
    const total = (counts: object | null | undefined) => Object.values(counts ?? {}).reduce((a, b) => a + b, 0);
    expect(total(snapshot.connectFailures)).toBe(connects);
    expect(snapshot.upstreams.map((u) => [u.upstream, total(u.failures)])).toEqual(upstream ? [[upstream, 1]] : []);
    expect(snapshot.peers.map((p) => [p.peer, total(p.failures)])).toEqual(counted ? [[counted, 1]] : []);
  });
});

test('a failing error log is a gap in every measure it feeds', () => {
  const job = aggregate();
  job.errorLine(line('refused', '10.0.0.1:80'), 0);
  const snapshot = job.snapshot(0, { ...health, errorLogsFine: false }, load);
  expect([snapshot.connectFailures, snapshot.upstreams[0]?.failures, snapshot.peers[0]?.failures]).toEqual([
    null,
    null,
    null,
  ]);
});

test('300 peers: 50 instances, the rest shares one, and nothing is lost', () => {
  const job = aggregate(50);
  for (let i = 0; i < 300; i++) job.errorLine(line('refused', `192.0.2.${i}:80`), 0);
  const { peers, upstreams, connectFailures } = job.snapshot(0, health, load);
  expect([peers.length, upstreams.length]).toEqual([51, 51]);
  expect(peers.at(-1)).toMatchObject({ peer: 'other', origin: 'other', failures: { refused: 250 } });
  expect(connectFailures?.refused).toBe(300);
});

test('a peer that only a log brought is forgotten after an hour of silence, and makes room', () => {
  const job = aggregate(1);
  job.errorLine(line('refused', '192.0.2.1:80'), 0);
  expect(job.snapshot(hour - 1, health, load).peers).toHaveLength(1);
  expect(job.snapshot(hour, health, load).peers).toHaveLength(0);
  job.errorLine(line('refused', '192.0.2.2:80'), hour);
  expect(job.snapshot(hour, health, load).peers.map(({ peer }) => peer)).toEqual(['192.0.2.2:80']);
});
