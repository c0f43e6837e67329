/** What is sent of upstreams and peers at rest is what would be planned and written anew. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { catalogue } from '../../charts/catalogue.ts';
import { dialectOf } from '../../charts/dialect.ts';
import { encode } from '../../charts/encode.ts';
import { nothingDrawn, plan } from '../../charts/plan.ts';
import type { PlanContext } from '../../charts/update.ts';
import { createVitals, type PeerCharts } from '../../collector/aggregate/windows/vitals.ts';
import type { JobSnapshot } from '../../collector/model.ts';
import { countedJob, quiet, type Tick, ticks } from '../aggregate/ticks.ts';

const [older, newer] = [dialectOf('1.37.1'), dialectOf('2.3.0')];

function drawing() {
  let drawn = nothingDrawn;
  return (snapshot: JobSnapshot, context: PlanContext) => {
    const next = plan(catalogue, snapshot, drawn, context);
    drawn = next.drawn;
    return next.actions;
  };
}

test.each<PeerCharts>(['all', 'failing'])('charts: %s', (peerCharts) => {
  fc.assert(
    fc.property(ticks, (all) => {
      const [job, vitals] = [countedJob(), createVitals(peerCharts)];
      const [steady, fresh] = [drawing(), drawing()];
      for (const [at, tick] of all.entries()) {
        const snapshot = vitals.complete(job.tick(tick), job.nowUs(), 0);
        const dialect = at % 50 === 49 ? older : newer;
        const context = { nowUs: job.nowUs(), updateEvery: tick.updateEvery, dialect };
        expect(encode(steady(snapshot, context))).toBe(encode(fresh(structuredClone(snapshot), context)));
      }
    }),
    { numRuns: 50 },
  );
});

test('in peace nothing but the job is planned', () => {
  const [job, vitals, draw] = [countedJob(), createVitals('all'), drawing()];
  const actions = (seconds = 1) =>
    draw(vitals.complete(job.tick({ ...quiet, seconds }), job.nowUs(), 0), {
      nowUs: job.nowUs(),
      updateEvery: 1,
      dialect: newer,
    });
  job.tick({ ...quiet, events: [{ is: 'configure', set: 1 }] });
  for (let tick = 0; tick < 4; tick++) actions();
  const sent = actions();
  expect(sent.filter((action) => action.do === 'again')).toHaveLength(2 + 6);
  const planned = sent.flatMap((action) => (action.do === 'update' ? [action.id] : []));
  expect(planned.filter((id) => /\.(upstream|peer|client)_/.test(id))).toEqual([]);
  // After a gap everything needs its baseline.
  expect(actions(10).some((action) => action.do === 'again')).toBe(false);
});

test('a chart that is absent while its peer rests is obsolete after a minute', () => {
  const [job, vitals, draw] = [countedJob(), createVitals('all'), drawing()];
  const obsolete = (tick: Tick) => {
    const context = { updateEvery: 1, dialect: newer };
    const snapshot = vitals.complete(job.tick(tick), job.nowUs(), 0);
    return draw(snapshot, { ...context, nowUs: job.nowUs() }).filter((action) => action.do === 'obsolete').length;
  };
  const log = { is: 'logs', set: 0 } as const;
  obsolete({ ...quiet, events: [{ is: 'configure', set: 1 }, log] });
  for (let second = 0; second < 5; second++) obsolete(quiet);
  const sums = [obsolete({ ...quiet, events: [log] })];
  for (let second = 0; second < 70; second++) sums.push(obsolete(quiet));
  expect(sums.slice(0, 60).every((count) => count === 0)).toBe(true);
  // Of six peers their attempts, of two upstreams the client results.
  expect(sums.slice(60).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(8);
});
