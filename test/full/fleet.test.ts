/**
 * Children that stream to a parent: what all of them counted adds up there, by label, and the percentiles of the whole
 * can be read from the buckets. FLEET=1,5,20 measures fleets of these sizes and prints a table.
 */
import { expect, test } from 'vitest';
import { bucketOf, startFleet } from '../support/fleet.ts';

test('two nodes as one: sums by upstream and by peer, and percentiles from the buckets', async () => {
  // A chart that begins with a peer's first failure begins one second later at the parent.
  const fleet = await startFleet({ children: 2, conf: 'peer_charts: all\n' });
  const chart = 'nginx_upstream_edge.upstream_failures_shop0';
  for (const name of fleet.names) {
    await fleet.parent.waitFor(
      async () => (await fleet.of(name)).charts.some(({ id }) => id === chart),
      `${chart} of ${name} on the parent`,
      60_000,
    );
  }
  await fleet.play(20);
  const { truth } = fleet;
  await fleet.parent.waitFor(
    async () => (await fleet.sum('client_outcomes', { upstream: 'shop4' }, 'ok,masked')) >= truth.requests / 5,
    'the last second on the parent',
    20_000,
  );

  const upstreams = ['shop0', 'shop1', 'shop2', 'shop3', 'shop4'];
  const perUpstream = await Promise.all(
    upstreams.map(async (upstream) => ({
      requests: await fleet.sum('client_outcomes', { upstream }, 'ok,masked'),
      refused: await fleet.sum('upstream_failures', { upstream }, 'refused'),
      atThePeer: await fleet.sum('peer_failures', { upstream, peer: `10.0.${upstream.slice(4)}.10:8080` }, 'refused'),
    })),
  );
  const each = { requests: truth.requests / 5, refused: truth.refused / 5, atThePeer: truth.refused / 5 };
  expect(perUpstream).toEqual(upstreams.map(() => each));

  const { charts } = await fleet.of('child-1');
  const buckets = charts.find(({ context }) => context === 'nginx_upstream.connect_time_buckets');
  const counted = new Map<number, number>();
  for (const { name } of Object.values(buckets?.dimensions ?? {})) {
    const bound = name.includes('Inf') ? Number.POSITIVE_INFINITY : Number(/\d+$/.exec(name)?.[0]);
    counted.set(bound, await fleet.sum('connect_time_buckets', {}, name));
  }
  const sorted = [...truth.connects].sort(([a], [b]) => a - b);
  const total = sorted.reduce((all, [, count]) => all + count, 0);
  expect([...counted.values()].reduce((a, b) => a + b, 0)).toBe(total);
  for (const share of [0.5, 0.95]) {
    const exact = nearestRank(sorted, share * total);
    const bounds = [...counted.keys()].sort((a, b) => a - b);
    expect(bucketOf(counted, share)).toBe(bounds.find((bound) => exact <= bound));
  }
}, 240_000);

/** @param sorted [ms, how many], ascending */
function nearestRank(sorted: readonly (readonly [number, number])[], rank: number): number {
  let below = 0;
  for (const [ms, count] of sorted) {
    below += count;
    if (below >= rank) return ms;
  }
  return Number.NaN;
}
