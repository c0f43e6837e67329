/**
 * Every kind of total outage (test/support/alerts/outages.ts), each in its own upstream, all at once: an alert names
 * the upstream in time, nothing else cries there, and it clears. ALERTS_TABLE=1 writes what was measured into
 * docs/alerts.md.
 */

import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  labelOf,
  type Outage,
  type OutageStage,
  outages,
  startOutageStage,
  statusesOf,
} from '../../support/alerts/outages.ts';
import type { Row } from '../../support/alerts/scenarios.ts';
import { writeTable } from '../../support/alerts/table.ts';
import { latest, type Watch, watchAlerts } from '../../support/alerts/watch.ts';
import { repository } from '../../support/repository.ts';
import { startNetdata } from '../../support/servers/netdata.ts';

interface Seen {
  readonly rows: readonly Row[];
  /** Raised there besides what is meant. */
  readonly others: readonly string[];
}

const longest = 120_000;
/** Requests go well for so long, or nothing is an outage. */
const calm = 15;
const runs = new Map<string, Promise<Seen>>();
const rows: Row[] = [];
let watch: Watch;

beforeAll(async () => {
  const stage = await startOutageStage();
  const netdata = await startNetdata({ plugin: { conf: `jobs:\n${stage.conf}` }, health: 'alerts' });
  watch = watchAlerts(netdata);
  for (const outage of outages) runs.set(outage.cause, run(outage, stage));
  for (const each of runs.values()) each.catch(() => undefined);
}, 120_000);

afterAll(() => {
  if (process.env['ALERTS_TABLE'] !== '1') return;
  writeTable(join(repository, 'docs/alerts.md'), 'test/full/alerts/outages.test.ts', rows, []);
});

async function run(outage: Outage, stage: OutageStage): Promise<Seen> {
  const { cause, alerts, may = [], within = 20, sign = 0 } = outage;
  const on = labelOf(outage, stage);
  await watch.settled('collector', { job: 'edge' }, calm);
  const began = watch.now();
  await outage.begin(stage);
  const either = (alert: string, status: 'WARNING' | 'CRITICAL') =>
    Promise.any(statusesOf(alert, status).map((each) => watch.raised(alert, each, on, began, longest)));
  const raised = await Promise.all(alerts.map(([alert, status]) => either(alert, status)));
  const ended = watch.now();
  await outage.end(stage);
  const cleared = await Promise.all(alerts.map(([alert]) => watch.raised(alert, 'CLEAR', on, ended, longest)));
  const meant = alerts.flatMap(([alert]) => [`${alert} WARNING`, `${alert} CRITICAL`]);
  return {
    others: watch.raisedSince(on, began).filter((each) => !meant.includes(each) && !may.includes(each)),
    rows: alerts.map(([alert, status], i) => ({
      alert,
      status,
      cause,
      on,
      within: within + sign,
      raised: raised[i]?.seconds ?? 0,
      cleared: cleared[i]?.seconds ?? null,
      info: raised[i]?.alarm.info ?? '',
    })),
  };
}

test.each(outages)(
  '$cause: $alerts',
  async ({ cause }) => {
    const seen = await runs.get(cause);
    rows.push(...(seen?.rows ?? []));
    for (const { raised, within, info, on } of seen?.rows ?? []) {
      expect(info).toContain(on.upstream);
      expect(raised).toBeLessThanOrEqual(latest(within));
    }
    expect(seen?.others).toEqual([]);
  },
  longest * 2,
);

test(
  'an upstream beside them that is fine has no alert',
  async () => {
    await Promise.allSettled(runs.values());
    expect(watch.raisedSince({ upstream: 'app' }, 0)).toEqual([]);
  },
  longest * 2,
);
