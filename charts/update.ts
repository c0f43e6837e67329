import type { Action, ChartLine, UpdateAction } from './action.ts';
import type { Values } from './chart.ts';
import type { Dialect } from './dialect.ts';

/** What Netdata knows of one chart. */
export interface DrawnChart {
  readonly line: ChartLine;
  /** `type.id` */
  readonly id: string;
  /** When the last BEGIN was written, and with which values; null before the first. */
  readonly lastUs: number;
  readonly values: Values | null;
  /** Since when the snapshot has been without it; null while it is there. */
  readonly absentSinceUs: number | null;
  /** The chart's variables, as they were sent. */
  readonly variables: Values;
}

export interface PlanContext {
  /** Monotonic, microseconds. */
  readonly nowUs: number;
  /** Seconds between ticks. */
  readonly updateEvery: number;
  readonly dialect: Dialect;
}

export const none: Values = {};

/** A chart that begins now; `values` is what its counters were at the last tick, null when they begin with 0. */
export const fresh = (line: ChartLine, values: Values | null): DrawnChart => ({
  line,
  id: `${line.type}.${line.id}`,
  lastUs: Number.NEGATIVE_INFINITY,
  values,
  absentSinceUs: null,
  variables: none,
});

/** One more reading of a chart; `known` is what was drawn of it before. */
export function update(
  known: DrawnChart,
  line: ChartLine,
  reading: Values | null,
  variables: Values,
  context: PlanContext,
  actions: Action[],
): DrawnChart {
  const { id, lastUs, values, variables: told } = known;
  const changes = variables === none ? none : changed(told, variables);
  if (reading === null) {
    // An alert judges its chart by when it was updated last: with nothing to draw, that it lives must be said.
    if (variables !== none) actions.push(withVariables({ do: 'update', id, values: none }, changes));
    return { line, id, lastUs, values, absentSinceUs: null, variables: { ...told, ...changes } };
  }
  const baseline = baselineOf(line, lastUs, values, reading, context);
  const action: UpdateAction = { do: 'update', id, values: reading, unchanged: reading === values };
  if (baseline === null) actions.push(withVariables(action, changes));
  else actions.push(withVariables({ do: 'update', id, values: baseline }, changes), action);
  return {
    line,
    id,
    lastUs: context.nowUs,
    values: reading,
    absentSinceUs: null,
    variables: changes === none ? told : { ...told, ...variables },
  };
}

/**
 * Running totals are drawn as rates from one update to the next, so what comes first in this process, or after a gap,
 * needs a baseline, else its first events are lost or smeared (measured on 1.37.1: docs/decisions/0002-baseline.md).
 */
function baselineOf(
  line: ChartLine,
  lastUs: number,
  last: Values | null,
  values: Values,
  { nowUs, updateEvery }: PlanContext,
): Values | null {
  if (isFollowing(lastUs, nowUs, updateEvery) || !line.dimensions.some(({ algorithm }) => algorithm === 'incremental'))
    return null;
  return last ?? zeros(line, values);
}

/** A tick may be late; from twice the interval on Netdata draws a gap. */
const gapFactor = 2;

/** An update now comes before Netdata draws a gap. */
export const isFollowing = (lastUs: number, nowUs: number, updateEvery: number): boolean =>
  nowUs - lastUs < updateEvery * gapFactor * 1_000_000;

/** What a process has counted when it begins: nothing, of that which it counts at all. */
function zeros(line: ChartLine, values: Values): Values {
  const counted = line.dimensions.filter(({ id, algorithm }) => algorithm === 'incremental' && id in values);
  return { ...values, ...Object.fromEntries(counted.map(({ id }) => [id, 0])) };
}

/** Those that are sent. */
export function variablesOf<Of>(variables: Readonly<Record<string, (of: Of) => number | undefined>>, of: Of): Values {
  const values: Record<string, number> = {};
  for (const name in variables) {
    const value = variables[name]?.(of);
    if (value !== undefined) values[name] = value;
  }
  return values;
}

function changed(told: Values, now: Values): Values {
  const entries = Object.entries(now).filter(([name, value]) => told[name] !== value);
  return entries.length === 0 ? none : Object.fromEntries(entries);
}

const withVariables = (action: UpdateAction, variables: Values): UpdateAction =>
  variables === none ? action : { ...action, variables };
