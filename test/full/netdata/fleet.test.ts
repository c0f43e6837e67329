/**
 * Children that stream to a parent: what all of them counted adds up there, by label, and the percentiles of all
 * can be read from the buckets. FLEET=1,5,20 measures fleets of these sizes and prints a table.
 */
import { expect, test } from 'vitest';
import { bucketOf, startFleet } from '../../support/servers/fleet.ts';
import { waitUntil } from '../../support/wait.ts';

/** Of what was played; exact on a machine with CPU to spare. */
const mostLost = 0.1;

test('two nodes as one: sums by upstream and by peer, and percentiles from the buckets', async () => {
  // Charts of peers begin with the first failure, and are announced again when its cause is known.
  const fleet = await startFleet({ children: 2, conf: 'peer_charts: failing\n' });
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
  const arrived = (what: string) => ({ what: `${what} on the parent`, timeout: 30_000 });

  const upstreams = ['shop0', 'shop1', 'shop2', 'shop3', 'shop4'];
  const perUpstream = (where: 'parent' | 'children' = 'parent') =>
    Promise.all(
      upstreams.map(async (upstream) => ({
        requests: await fleet.sum('client_outcomes', { upstream }, 'ok,masked', where),
        refused: await fleet.sum('upstream_failures', { upstream }, 'refused', where),
        atThePeer: await fleet.sum(
          'peer_failures',
          { upstream, peer: `10.0.${upstream.slice(4)}.10:8080` },
          'refused',
          where,
        ),
      })),
    );
  const each = { requests: truth.requests / 5, refused: truth.refused / 5, atThePeer: truth.refused / 5 };
  const all = upstreams.map(() => each);
  // A child that is short of CPU stores a late second as less: what its parent has is what it has itself.
  const lost = (played: number, stored: number): number => (played - stored) / played;
  await waitUntil(
    async () => {
      const [own, parents] = [await perUpstream('children'), await perUpstream()];
      expect(parents).toEqual(own);
      for (const [at, { requests, refused }] of own.entries()) {
        expect(lost(all[at]?.requests ?? 0, requests)).toBeLessThan(mostLost);
        expect(lost(all[at]?.refused ?? 0, refused)).toBeLessThan(mostLost);
        expect(requests).toBeLessThanOrEqual(all[at]?.requests ?? 0);
      }
      return true;
    },
    { interval: 500, ...arrived('requests and failures of all upstreams') },
  );

  const { charts } = await fleet.of('child-1');
  const buckets = charts.find(({ context }) => context === 'nginx_upstream.connect_time_buckets');
  const boundOf = (name: string): number =>
    name.includes('Inf') ? Number.POSITIVE_INFINITY : Number(/\d+$/.exec(name)?.[0]);
  const names = new Map(Object.values(buckets?.dimensions ?? {}).map(({ name }) => [boundOf(name), name]));
  const bounds = [...names.keys()].sort((a, b) => a - b);
  const counted = (where: 'parent' | 'children') =>
    Promise.all(
      bounds.map(
        async (bound) =>
          [bound, await fleet.sum('connect_time_buckets', {}, names.get(bound) ?? '', where)] satisfies [
            number,
            number,
          ],
      ),
    );
  const sorted = [...truth.connects].sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  const parents = new Map(
    await waitUntil(
      async () => {
        const [own, theirs] = [await counted('children'), await counted('parent')];
        expect(theirs).toEqual(own);
        const all = own.reduce((sum, [, count]) => sum + count, 0);
        expect(lost(total, all)).toBeLessThan(mostLost);
        return theirs;
      },
      { interval: 500, ...arrived('connections of each bucket') },
    ),
  );
  for (const share of [0.5, 0.95]) {
    const exact = nearestRank(sorted, share * total);
    expect(bucketOf(parents, share)).toBe(bounds.find((bound) => exact <= bound));
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
