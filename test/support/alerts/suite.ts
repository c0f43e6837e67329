/** The scenarios of the alerts as tests: all begin at once, and each test waits for its own. */
import { beforeAll, describe, expect, test } from 'vitest';
import { loudScenarios, type QuietRow, quietScenarios, type Row } from './scenarios.ts';
import { latest } from './watch.ts';
import { startAlertWorld, type World } from './world.ts';

/**
 * @param longest milliseconds for one scenario
 * @param report is called when all is over, with what was measured
 */
export function alertSuite(longest: number, report: (rows: readonly Row[], quiet: readonly QuietRow[]) => void): void {
  const loud = new Map<string, Promise<readonly Row[]>>();
  const quiet = new Map<string, Promise<readonly QuietRow[]>>();
  const rows: Row[] = [];
  const quietRows: QuietRow[] = [];
  let world: World;

  beforeAll(async () => {
    world = await startAlertWorld();
    for (const { cause, run } of loudScenarios) loud.set(cause, run(world));
    for (const { causes, run } of quietScenarios) quiet.set(causes.join(), run(world));
    // Each failure is reported by the test that waits for it.
    for (const run of [...loud.values(), ...quiet.values()]) run.catch(() => undefined);
  }, 120_000);

  describe('raised in time, and cleared when the cause ends', () => {
    test.each(loudScenarios)(
      '$cause: $alerts',
      async ({ cause }) => {
        const seen = (await loud.get(cause)) ?? [];
        rows.push(...seen);
        for (const row of seen) {
          const { upstream, peer } = row.on;
          for (const name of [upstream, peer]) if (name !== undefined) expect(row.info).toContain(name);
          expect(row.info).toContain('nginx-upstream');
          expect(row.raised, row.alert).toBeLessThanOrEqual(latest(row.within));
        }
      },
      longest,
    );
  });

  describe('quiet', () => {
    test.each(quietScenarios)(
      '$causes',
      async ({ causes }) => {
        const seen = (await quiet.get(causes.join())) ?? [];
        quietRows.push(...seen);
        expect(seen).toEqual(causes.map((cause) => ({ cause, raised: [] })));
      },
      longest,
    );
  });

  test(
    'what fails in one upstream raises nothing on another',
    async () => {
      await Promise.allSettled([...loud.values(), ...quiet.values()]);
      const raised = (upstream: string) => [...world.watch.raisedSince({ upstream }, 0)].sort();
      // A peer's alerts carry its upstream's label, too.
      expect(raised('affected')).toEqual(['clients_affected CRITICAL']);
      expect(raised('shared_a')).toEqual(['clients_affected CRITICAL']);
      expect(raised('shared_b')).toEqual([]);
      expect(raised('application')).toEqual(['failing_after_connect CRITICAL']);
      expect(raised('spare')).toEqual(['peer_unavailable WARNING', 'redundancy_lost WARNING']);
      expect(raised('half_silent')).toEqual(['connect_timeouts WARNING']);
    },
    longest,
  );

  test('Netdata has nothing to complain about in the health files', () => {
    expect(world.netdata.errorLog()).not.toMatch(/ERROR.*Health configuration/);
    report(rows, quietRows);
  });
}
