/** What the texts of alerts name where nothing of a peer fails: who is slow, a name, a group without a peer to ask. */
import { describe, expect, test } from 'vitest';
import { tally } from '../../../collector/aggregate/failures/tally.ts';
import { createVitals } from '../../../collector/aggregate/windows/vitals.ts';
import { type PeerSnapshot, peerCauses, type UpstreamSnapshot } from '../../../collector/model.ts';
import { job, peer, upstream } from '../../charts/snapshots.ts';

const at = (p95: number) => ({ connectTime: { p50: 1, p90: 1, p95, p99: p95, max: p95, count: 5 } });
const minute = (p95: number, count: number) => ({
  connectTimeMinute: { p50: 1, p90: 1, p95, p99: p95, max: p95, count },
});
const synsLost = {
  sockets: {
    states: { syn_sent: 1, established: 0, time_wait: 0, close_wait: 0, fin_wait: 0 },
    retransmitting: 1,
    queued: null,
    localPorts: null,
  },
};

/** The label after each second. */
function labels(seconds: readonly (readonly [Partial<UpstreamSnapshot>, ...Partial<PeerSnapshot>[]])[]): string[] {
  const vitals = createVitals('all');
  return seconds.map(([of, ...peers], second) => {
    const snapshot = job({
      upstreams: [{ ...upstream('shop'), ...of }],
      peers: peers.map((each, n) => peer(`10.0.0.${n + 1}:80`, { upstream: 'shop', ...each })),
    });
    return vitals.complete(snapshot, second * 1e6, 0).upstreams[0]?.failingLabel ?? '';
  });
}

describe('connecting is slow', () => {
  test.each<[string, Partial<UpstreamSnapshot>, readonly Partial<PeerSnapshot>[], string]>([
    ['one of two', minute(250, 40), [at(3), at(250)], '10.0.0.2:80 slow to connect (unknown)'],
    [
      'both',
      minute(250, 40),
      [at(90), at(250)],
      '10.0.0.1:80 slow to connect (unknown) / 10.0.0.2:80 slow to connect (unknown)',
    ],
    [
      'SYNs go unanswered',
      minute(1000, 40),
      [{ ...at(1000), ...synsLost }, at(3)],
      '10.0.0.1:80 slow to connect: SYNs are lost (likely)',
    ],
    ['a single slow connection in a fast minute', minute(3, 40), [at(900)], 'none'],
    ['too few connections to say so', minute(900, 19), [at(900)], 'none'],
    ['no access log that shows them', {}, [{}], 'none'],
  ])('%s', (_what, of, peers, label) => {
    expect(labels([[of, ...peers]])).toEqual([label]);
  });

  test('it stays said for two minutes, so that the end of the alert names it, too', () => {
    const said = labels([
      [minute(250, 40), at(250)],
      ...Array.from({ length: 130 }, () => [minute(3, 40), at(3)] as const),
    ]);
    expect(said.lastIndexOf('10.0.0.1:80 slow to connect (unknown)')).toBe(120);
    expect(said.at(-1)).toBe('none');
  });
});

describe('nobody to ask', () => {
  const alerts = (name: string) => ({ alerts: { [name]: 3 } });
  test.each<[string, Partial<UpstreamSnapshot>, string]>([
    ['a name', alerts('unresolved_sustained'), 'shop name does not resolve (certain)'],
    [
      'all are marked down',
      { ...alerts('no_live_sustained'), peers: { live: 0, configured: 0 } },
      'no peer: all are marked down (certain)',
    ],
    [
      'max_conns',
      { ...alerts('no_live_sustained'), peers: { live: 2, configured: 2 } },
      'no peer: all are at max_conns or ejected (likely)',
    ],
    ['nothing is known of its peers', alerts('no_live_sustained'), 'no peer: all are at max_conns or ejected (likely)'],
    ['peace', {}, 'none'],
  ])('%s', (_what, of, label) => expect(labels([[of, {}]])).toEqual([label]));

  test('a peer that failed is the better answer', () => {
    const failures = (refused: number) => ({ failures: { ...peer('p').failures, refused } as never });
    const [, label] = labels([
      [alerts('no_live_sustained'), failures(0)],
      [alerts('no_live_sustained'), { ...failures(1), verdict: 'process down (certain)' }],
    ]);
    expect(label).toBe('10.0.0.1:80 process down (certain)');
  });
});

test('what is found before the first line of a log is named while it stands, and not for longer', () => {
  const vitals = createVitals('all');
  const found = { causes: { ...tally(peerCauses), hangs: 1 }, verdict: 'hangs (likely)' };
  const label = (second: number, of: Partial<PeerSnapshot>) =>
    vitals.complete(
      job({ upstreams: [upstream('shop')], peers: [peer('10.0.0.1:80', { upstream: 'shop', ...of })] }),
      second * 1e6,
      0,
    ).peers[0]?.causeLabel;
  expect([label(0, {}), label(1, found), label(100, found), label(101, {})]).toEqual([
    'none',
    'hangs (likely)',
    'hangs (likely)',
    'none',
  ]);
});
