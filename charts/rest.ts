/** Upstreams and peers at rest: as long as a snapshot is the same object, what is sent of it is the same. */
import type { UpdateAction } from './action.ts';
import type { Instance } from './naming.ts';
import { type DrawnChart, isFollowing, none, type PlanContext } from './update.ts';

/** What Netdata knows of one upstream, peer or job. */
export interface DrawnInstance {
  readonly instance: Instance;
  /** In the order of the catalogue's charts of this level, as they were planned last; a chart that is not drawn is missing. */
  readonly charts: readonly (DrawnChart | undefined)[];
  /** The snapshot that they were planned from. */
  readonly of: unknown;
  /** When they were planned, and when they were sent last. */
  readonly drawnUs: number;
  readonly lastUs: number;
  /** What is sent as long as the snapshot is the same; null where that is not known. */
  readonly updates: readonly UpdateAction[] | null;
}

/** What is sent once more of an instance; null where it has to be planned anew. */
export function drawnAgain(
  { of, updates, lastUs }: DrawnInstance,
  now: unknown,
  { nowUs, updateEvery }: PlanContext,
): readonly UpdateAction[] | null {
  return of === now && isFollowing(lastUs, nowUs, updateEvery) ? updates : null;
}

/** The charts of an instance as they would be if each tick had planned them. */
export function chartsOf({ charts, drawnUs, lastUs }: DrawnInstance): DrawnInstance['charts'] {
  if (drawnUs === lastUs) return charts;
  return charts.map((chart) => (chart?.lastUs === drawnUs ? { ...chart, lastUs } : chart));
}

/**
 * What the next tick will send of charts that were planned in this one, should the snapshot be the same; null where that
 * changes with time: a chart that is absent will be obsolete.
 */
export function updatesAgain(
  catalogue: readonly { readonly variables?: unknown }[],
  charts: DrawnInstance['charts'],
  nowUs: number,
): readonly UpdateAction[] | null {
  const updates: UpdateAction[] = [];
  for (const [at, chart] of charts.entries()) {
    if (chart === undefined) continue;
    const { id, absentSinceUs, lastUs, values } = chart;
    if (absentSinceUs !== null) return null;
    if (lastUs === nowUs && values !== null) updates.push({ do: 'update', id, values });
    // In a gap only a chart with variables says that it lives.
    else if (catalogue[at]?.variables !== undefined) updates.push({ do: 'update', id, values: none });
  }
  return updates;
}
