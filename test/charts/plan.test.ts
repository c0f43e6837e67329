import { describe, expect, test } from 'vitest';
import type { Action } from '../../charts/action.ts';
import { type Drawn, nothingDrawn, plan, retireAll } from '../../charts/plan.ts';
import { connectFailures, peerFailures, upstreamFailures } from '../../charts/subjects/failures.ts';
import { sources } from '../../charts/subjects/plugin.ts';
import { requests } from '../../charts/subjects/requests.ts';
import type { PlanContext } from '../../charts/update.ts';
import { type JobSnapshot, peerKinds, requestClasses } from '../../collector/model.ts';
import { job, peer, upstream, zeros } from './snapshots.ts';

const second = 1_000_000;
const at = (seconds: number): PlanContext => ({
  nowUs: seconds * second,
  updateEvery: 1,
  dialect: { familyPerInstance: true, heatmap: false },
});

/** Plays snapshots one second apart and gives the actions of each tick. */
function play(snapshots: readonly (JobSnapshot | null)[], catalogue = [peerFailures]) {
  let drawn: Drawn = nothingDrawn;
  return snapshots.map((snapshot, i) => {
    if (!snapshot) return [];
    const next = plan(catalogue, snapshot, drawn, at(i));
    drawn = next.drawn;
    return next.actions;
  });
}

const refusing = (refused: number) => peer('10.0.0.1:80', { failures: zeros(peerKinds, { refused }) });
const refusals = (action: Action | undefined) => (action?.do === 'update' ? action.values['refused'] : action?.do);

test('a new peer gets its chart, a baseline of zero and its first failures in one tick', () => {
  const [first = []] = play([job({ peers: [refusing(3)] })]);
  expect(first.map(refusals)).toEqual(['create', 0, 3]);
});

test('every later tick is one update', () => {
  const ticks = play([3, 3, 5].map((n) => job({ peers: [refusing(n)] })));
  expect(ticks.slice(1).map((actions) => actions.map(refusals))).toEqual([[3], [5]]);
});

test('an update says whether its values are those of the update before', () => {
  const same = refusing(3);
  const ticks = play([same, same, refusing(3), refusing(4)].map((one) => job({ peers: [one] })));
  const unchanged = ticks.map((actions) => actions.map((action) => action.do === 'update' && action.unchanged));
  expect(unchanged.slice(1)).toEqual([[true], [false], [false]]);
});

test('a gap draws nothing, but says that the chart lives; after it the counting continues from the last known value', () => {
  const gap = job({ peers: [peer('10.0.0.1:80', { failures: null })] });
  const ticks = play([job({ peers: [refusing(3)] }), gap, gap, job({ peers: [refusing(9)] })]);
  expect(ticks[1]).toEqual([{ do: 'update', id: 'nginx_upstream_local.peer_failures_10_0_0_1_80', values: {} }]);
  expect(ticks[3]?.map(refusals)).toEqual([3, 9]);
});

test('a gap of a chart without alerts is silence', () => {
  const gap = job({ requests: null });
  expect(play([job({ requests: zeros(requestClasses) }), gap], [requests] as never)[1]).toEqual([]);
});

test('a label that changes is sent with all others, once, and its chart stays what it was', () => {
  const one = (causeLabel: string) => job({ peers: [{ ...refusing(1), causeLabel }] });
  const told = play(['none', 'none', 'process down (certain)', 'process down (certain)', 'none'].map(one)).map(
    (actions) => actions.flatMap((action) => (action.do === 'create' ? [action.chart] : [])),
  );
  expect(told.map((charts) => charts.map(({ labels }) => Object.fromEntries(labels)['cause']))).toEqual([
    ['none'],
    [],
    ['process down (certain)'],
    [],
    ['none'],
  ]);
  const [first] = told[0] ?? [];
  expect({ ...told[2]?.[0], labels: [] }).toEqual({ ...first, labels: [] });
  expect(told[2]?.[0]?.labels.map(([name]) => name)).toEqual(first?.labels.map(([name]) => name));
});

test('ticks that were skipped while Netdata did not read count as a gap', () => {
  const ticks = play([job({ peers: [refusing(3)] }), null, null, null, job({ peers: [refusing(4)] })]);
  expect(ticks[4]?.map(refusals)).toEqual([3, 4]);
});

test('a chart whose interval changes is announced again, under the same id', () => {
  const first = plan([peerFailures], job({ peers: [refusing(1)] }), nothingDrawn, at(0));
  const next = plan([peerFailures], job({ peers: [refusing(2)] }), first.drawn, { ...at(5), updateEvery: 5 });
  const [created] = next.actions;
  expect(created?.do === 'create' && [created.chart.id, created.chart.updateEvery]).toEqual([
    'peer_failures_10_0_0_1_80',
    5,
  ]);
  const same = plan([peerFailures], job({ peers: [refusing(2)] }), next.drawn, { ...at(10), updateEvery: 5 });
  expect(same.actions.map(({ do: what }) => what)).toEqual(['update']);
});

test('a gauge needs no baseline', () => {
  const [first = []] = play([job()], [sources] as never);
  expect(first.map(({ do: what }) => what)).toEqual(['create', 'update']);
});

test('a variable goes with the first update, and again only when it has changed, in a gap, too', () => {
  const told = (action: Action | undefined) => (action?.do === 'update' ? action.variables : undefined);
  const with_ = (n: number) => ({ ...refusing(n), alerts: { unaccounted_sustained: n } });
  const ticks = play(
    [with_(1), with_(1), with_(2), { ...with_(3), failures: null }, with_(3)].map((one) => job({ peers: [one] })),
  );
  expect(ticks.map((actions) => actions.map(told).filter((variables) => variables !== undefined))).toEqual([
    [{ unaccounted_sustained: 1 }],
    [],
    [{ unaccounted_sustained: 2 }],
    [{ unaccounted_sustained: 3 }],
    [],
  ]);
});

test('what is not measured is not drawn', () => {
  expect(play([job({ peers: [{ upstream: 'a', peer: 'a', origin: 'log' }] })])).toEqual([[]]);
});

test('a peer that left is obsolete after a minute, and one that comes back in between is not', () => {
  const there = job({ peers: [refusing(1)] });
  const gone = job();
  const away = play([there, ...Array.from({ length: 62 }, () => gone)]);
  expect(away.flatMap((actions, i) => actions.map((action) => [i, action.do]))).toEqual([
    [0, 'create'],
    [0, 'update'],
    [0, 'update'],
    [61, 'obsolete'],
  ]);
  const back = play([there, ...Array.from({ length: 30 }, () => gone), there]);
  expect(back.at(-1)?.map(({ do: what }) => what)).toEqual(['update', 'update']);
});

test('a job that ends takes all its charts with it', () => {
  const { drawn } = plan([connectFailures, peerFailures], job({ peers: [refusing(1)] }), nothingDrawn, at(0));
  expect(retireAll(drawn).map((action) => action.do === 'obsolete' && action.chart.id)).toEqual([
    'connect_failures',
    'peer_failures_10_0_0_1_80',
  ]);
});

describe('ids, labels and families', () => {
  function drawnAs(snapshot: JobSnapshot, familyPerInstance: boolean) {
    const context = { ...at(0), dialect: { familyPerInstance, heatmap: false } };
    const { actions } = plan([peerFailures], snapshot, nothingDrawn, context);
    return actions.flatMap((action) => (action.do === 'create' ? [action.chart] : []));
  }

  test.each([
    [
      'IPv4',
      'backend',
      '10.0.0.1:80',
      'backend_10_0_0_1_80',
      { peer: '10.0.0.1:80', address: '10.0.0.1', port: '80', transport: 'ipv4' },
    ],
    [
      'IPv6, without the brackets',
      'backend',
      '[::1]:8080',
      'backend_1_8080',
      { peer: '::1:8080', address: '::1', port: '8080', transport: 'ipv6' },
    ],
    [
      'unix socket',
      'app',
      'unix:/run/x.sock',
      'app_unix_run_x_sock',
      { peer: 'unix:/run/x.sock', address: '/run/x.sock', transport: 'unix' },
    ],
    [
      'its own upstream',
      '10.0.0.1:80',
      '10.0.0.1:80',
      '10_0_0_1_80',
      { peer: '10.0.0.1:80', address: '10.0.0.1', port: '80', transport: 'ipv4' },
    ],
    [
      'a name',
      'x',
      'app.local:80',
      'x_app_local_80',
      { peer: 'app.local:80', address: 'app.local', port: '80', transport: 'name' },
    ],
  ])('%s', (_name, upstream, name, slug, labels) => {
    const [chart] = drawnAs(job({ peers: [peer(name, { upstream })] }), true);
    expect(chart?.id).toBe(`peer_failures_${slug}`);
    expect(chart?.family).toBe(`peer ${upstream} ${name}`);
    expect(Object.fromEntries(chart?.labels ?? [])).toEqual({
      upstream,
      ...labels,
      cause: 'none',
      _collect_job: 'local',
    });
  });

  test('families are topical where labels join siblings', () => {
    expect(drawnAs(job({ peers: [peer('10.0.0.1:80')] }), false)[0]?.family).toBe('failures');
  });

  test('colliding, foreign and endless names still get their own ids', () => {
    const names = [
      'a-b:80',
      'a_b:80',
      'пример:80',
      'пример2:80',
      `unix:/${'x/'.repeat(90)}`,
      `unix:/${'x/'.repeat(90)}y`,
    ];
    const ids = drawnAs(job({ peers: names.map((name) => peer(name)) }), true).map(({ id }) => id);
    expect(new Set(ids).size).toBe(names.length);
    for (const id of ids) expect(id).toMatch(/^peer_failures_[A-Za-z0-9_]{1,80}$/);
    expect(ids[0]).toBe('peer_failures_a_b_80');
    expect(ids[1]).toMatch(/^peer_failures_a_b_80_[a-z0-9]+$/);
  });

  test('the shared instance over the cap and an upstream called other do not meet', () => {
    const peers = [peer('other'), peer('other', { origin: 'other' })];
    expect(new Set(drawnAs(job({ peers }), true).map(({ id }) => id)).size).toBe(2);
  });
});

test('an upstream is drawn with its own labels, so that its alerts find their siblings', () => {
  const { actions } = plan([upstreamFailures], job({ upstreams: [upstream('backend')] }), nothingDrawn, at(0));
  const [created] = actions;
  expect(created?.do === 'create' && [created.chart.id, created.chart.family, created.chart.labels]).toEqual([
    'upstream_failures_backend',
    'upstream backend',
    [
      ['upstream', 'backend'],
      ['_collect_job', 'local'],
      ['failing', 'none'],
    ],
  ]);
});
