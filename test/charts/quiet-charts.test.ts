/** Charts and dimensions that come when there is something to say. */
import { describe, expect, test } from 'vitest';
import type { Action } from '../../charts/action.ts';
import { encode } from '../../charts/encode.ts';
import { type Drawn, nothingDrawn, plan } from '../../charts/plan.ts';
import { failingPeers } from '../../charts/subjects/failing-peers.ts';
import { peerFailures, upstreamFailures } from '../../charts/subjects/failures.ts';
import { peerTransitions } from '../../charts/subjects/health.ts';
import { peerCause } from '../../charts/subjects/peer-cause.ts';
import { createFailingPeers } from '../../collector/aggregate/windows/failing-peers.ts';
import { createVitals } from '../../collector/aggregate/windows/vitals.ts';
import { type JobSnapshot, type PeerSnapshot, peerCauses, peerKinds } from '../../collector/model.ts';
import { job, peer, upstream, zeros } from './snapshots.ts';

function play(snapshots: readonly JobSnapshot[], catalogue: readonly unknown[]): Action[][] {
  let drawn: Drawn = nothingDrawn;
  return snapshots.map((snapshot, i) => {
    const next = plan(catalogue as never, snapshot, drawn, {
      nowUs: i * 1e6,
      updateEvery: 1,
      dialect: { familyPerInstance: false, heatmap: false },
    });
    drawn = next.drawn;
    return next.actions;
  });
}

const words = (actions: readonly Action[]) =>
  actions.map((action) => (action.do === 'update' ? Object.values(action.values).join(' ') : action.do));
const failing = (refused: number, more: Partial<PeerSnapshot> = {}) =>
  peer('10.0.0.1:80', { failures: zeros(peerKinds, { refused }), ...more });

test('a peer that gets its charts late counts from the tick before, not from the start', () => {
  const ticks = play(
    [failing(7, { uncharted: true }), failing(7, { uncharted: true }), failing(9), failing(9)].map((one) =>
      job({ peers: [one] }),
    ),
    [peerFailures],
  );
  const refused = ticks.map((actions) =>
    actions.map((action) => (action.do === 'update' ? action.values['refused'] : action.do)),
  );
  expect(refused).toEqual([[], [], ['create', 7, 9], [9]]);
});

test('a peer that loses its charts has them for a minute more', () => {
  const ticks = play(
    [failing(1), ...Array.from({ length: 62 }, () => failing(1, { uncharted: true }))].map((one) =>
      job({ peers: [one] }),
    ),
    [peerFailures],
  );
  expect(ticks.flatMap((actions, i) => words(actions).map((word) => [i, word])).at(-1)).toEqual([61, 'obsolete']);
});

test('peer_transitions appears with the first ejection', () => {
  const health = (ejected: number) => peer('p', { health: { state: 'up', transitions: { ejected, returned: 0 } } });
  const ticks = play(
    [0, 0, 1, 1].map((n) => job({ peers: [health(n)] })),
    [peerTransitions],
  );
  expect(ticks.map(words)).toEqual([[], [], ['create', '0 0', '1 0'], ['1 0']]);
});

test('peer_cause has the causes that were ever found, and keeps them', () => {
  const caused = (some: Partial<Record<(typeof peerCauses)[number], number>>) =>
    job({ peers: [peer('p', { causes: zeros(peerCauses, some) })] });
  const ticks = play([caused({}), caused({ process_down: 1 }), caused({ no_answer: 1 }), caused({})], [peerCause]);
  const shown = ticks.map((actions) =>
    actions.map((action) => {
      if (action.do === 'again') return action.do;
      return action.do === 'update' ? action.values : action.chart.dimensions.map(({ id }) => id).join(' ');
    }),
  );
  expect(shown).toEqual([
    [],
    ['process_down', { process_down: 1 }],
    ['process_down no_answer', { process_down: 0, no_answer: 1 }],
    [{ process_down: 0, no_answer: 0 }],
  ]);
});

describe('failing_peers', () => {
  const listed = (...peers: readonly (readonly [string, number])[]) =>
    job({ failingPeers: peers.map(([name, failures]) => ({ upstream: 'shop', peer: name, failures })) });

  test('dimensions come and go; one that is gone is announced once', () => {
    const ticks = play(
      [listed(), listed(['10.0.0.1:80', 0]), listed(['10.0.0.1:80', 5]), listed(), listed()],
      [failingPeers],
    );
    const lines = ticks.map((actions) => encode(actions).match(/^(DIMENSION|SET).*$/gm));
    expect(lines).toEqual([
      ["DIMENSION none '' incremental 1 1", 'SET none = 0', 'SET none = 0'],
      [
        "DIMENSION none '' incremental 1 1",
        "DIMENSION p_shop_10_0_0_1_80 'shop 10.0.0.1:80' incremental 1 1",
        'SET none = 0',
        'SET p_shop_10_0_0_1_80 = 0',
      ],
      ['SET none = 0', 'SET p_shop_10_0_0_1_80 = 5'],
      [
        "DIMENSION none '' incremental 1 1",
        "DIMENSION p_shop_10_0_0_1_80 'shop 10.0.0.1:80' incremental 1 1 obsolete",
        'SET none = 0',
      ],
      ['SET none = 0'],
    ]);
  });

  test('announced with 0, its failures a tick later, gone an hour after the last; twenty at most', () => {
    const book = createFailingPeers();
    const at = (second: number, refused: number) =>
      book.record([failing(refused)], second).map(({ failures }) => failures);
    expect([at(0, 0), at(1, 3), at(2, 3), at(3, 5), at(3603, 5), at(3604, 5)]).toEqual([[], [0], [3], [5], [5], []]);
    const many = createFailingPeers();
    const peers = Array.from({ length: 30 }, (_, i) =>
      peer(`10.0.0.${i}:80`, { failures: zeros(peerKinds, { reset: 1 }) }),
    );
    expect(many.record(peers, 1)).toHaveLength(20);
    expect(peers.every(many.isRecent)).toBe(true);
  });
});

describe('peer_charts', () => {
  const peers = (count: number, refused: number) =>
    Array.from({ length: count }, (_, i) =>
      peer(`10.0.0.${i}:80`, { failures: zeros(peerKinds, { refused: i === 0 ? refused : 0 }) }),
    );
  const charted = (mode: 'all' | 'failing' | 'auto', count: number) => {
    const vitals = createVitals(mode);
    const at = (second: number, refused: number) =>
      vitals
        .complete(job({ peers: peers(count, refused) }), second * 1e6, 0)
        .peers.filter(({ uncharted }) => !uncharted).length;
    return [at(0, 0), at(1, 1), at(3000, 1), at(3602, 1)];
  };
  test.each([
    ['all', 30, [30, 30, 30, 30]],
    ['failing', 3, [0, 1, 1, 0]],
    ['auto', 20, [20, 20, 20, 20]],
    ['auto', 21, [0, 1, 1, 0]],
  ] as const)('%s of %i peers', (mode, count, expected) => expect(charted(mode, count)).toEqual(expected));
});

test('labels in an hour of a peer that comes and goes: sent when the verdict changes, not with each failure', () => {
  const vitals = createVitals('all');
  let drawn: Drawn = nothingDrawn;
  let refused = 0;
  const told: string[] = [];
  for (let second = 0; second < 3_600 + 200; second++) {
    const isOut = second < 3_600 && second % 60 >= 20 && second % 60 < 25;
    if (isOut) refused += 3;
    const verdict =
      isOut && second % 60 > 21 ? 'process down (certain)' : second % 60 < 50 ? 'restarting (likely)' : undefined;
    const snapshot = vitals.complete(
      job({
        upstreams: [{ ...upstream('shop'), origin: 'configured' }],
        peers: [failing(refused, { upstream: 'shop', ...(verdict === undefined || refused === 0 ? {} : { verdict }) })],
      }),
      second * 1e6,
      0,
    );
    const next = plan([upstreamFailures, peerFailures], snapshot, drawn, {
      nowUs: second * 1e6,
      updateEvery: 1,
      dialect: { familyPerInstance: false, heatmap: false },
    });
    drawn = next.drawn;
    const labels = encode(next.actions).match(/^CLABEL '(cause|failing)' '[^']*'/gm) ?? [];
    told.push(...labels.map((label) => `${second}: ${label.slice(7)}`));
  }
  expect(told).toEqual([
    "0: 'failing' 'none'",
    "0: 'cause' 'none'",
    "20: 'failing' '10.0.0.1:80 restarting (likely)'",
    "20: 'cause' 'restarting (likely)'",
    "22: 'failing' '10.0.0.1:80 process down (certain)'",
    "22: 'cause' 'process down (certain)'",
    "3685: 'failing' 'none'",
    "3685: 'cause' 'none'",
  ]);
});

test('an hour in which ten peers of one upstream flap: labels change with verdicts, not with failures', () => {
  const vitals = createVitals('all');
  let drawn: Drawn = nothingDrawn;
  const refused = new Map<number, number>();
  let lines = 0;
  for (let second = 0; second < 3_600; second++) {
    const peers = Array.from({ length: 10 }, (_, n) => {
      // Every 20 to 200 seconds, for 5 seconds each time: the rare ones are over before they fail again.
      const phase = second % (20 * (n + 1));
      if (phase < 5) refused.set(n, (refused.get(n) ?? 0) + 2);
      const verdict = phase < 2 ? undefined : phase < 5 ? 'process down (certain)' : 'restarting (likely)';
      const failures = zeros(peerKinds, { refused: refused.get(n) ?? 0 });
      return peer(`10.0.0.${n}:80`, { upstream: 'shop', failures, ...(verdict === undefined ? {} : { verdict }) });
    });
    const snapshot = vitals.complete(job({ upstreams: [upstream('shop')], peers }), second * 1e6, 0);
    const context = { nowUs: second * 1e6, updateEvery: 1, dialect: { familyPerInstance: false, heatmap: false } };
    const next = plan([upstreamFailures, peerFailures], snapshot, drawn, context);
    drawn = next.drawn;
    lines += (encode(next.actions).match(/^CLABEL '(cause|failing)'/gm) ?? []).length;
  }
  expect([...refused.values()].reduce((sum, each) => sum + each, 0)).toBeGreaterThan(5_000);
  process.stdout.write(`label lines in an hour: ${lines}\n`);
  // What pauses for less than two minutes is one outage. Of another each label says: not known yet, why, none.
  const outages = [140, 160, 180, 200].reduce((sum, period) => sum + Math.ceil(3_600 / period), 0) + 6;
  expect(lines).toBeLessThanOrEqual(6 * outages);
});
