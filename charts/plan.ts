import type { JobSnapshot } from '../collector/model.ts';
import type { Action, ChartLine, UpdateAction } from './action.ts';
import type { Chart, Reading, Values } from './chart.ts';
import type { Dialect } from './dialect.ts';
import { familyOf, type Instance, jobInstance, peerInstance, slugOf, upstreamInstance } from './naming.ts';

/** What Netdata has been told of one job so far. A value: `plan` returns the next one and changes nothing. */
export interface Drawn {
  readonly charts: ReadonlyMap<string, DrawnChart>;
}

interface DrawnChart {
  readonly line: ChartLine;
  /** The last BEGIN: when it was written, and with which values; null before the first. */
  readonly last: { readonly atUs: number; readonly values: Values } | null;
  /** Since when the snapshot has been without it; null while it is there. */
  readonly absentSinceUs: number | null;
  /** The chart's variables, as they were told. */
  readonly variables: Readonly<Record<string, number>>;
}

export const nothingDrawn: Drawn = { charts: new Map() };

export interface PlanContext {
  /** Monotonic, microseconds. */
  readonly nowUs: number;
  /** Seconds between ticks. */
  readonly updateEvery: number;
  readonly dialect: Dialect;
}

/** A chart whose instance has left the snapshot is told obsolete after this time (a reload may bring it back). */
const obsoleteAfterUs = 60_000_000;

/**
 * Compares what a job measured with what Netdata has been told of it: pure, and the only place where charts begin and end.
 * A `null` reading leaves its chart out of this tick (a gap); an `undefined` one draws no chart.
 */
export function plan(
  catalogue: readonly Chart[],
  job: JobSnapshot,
  drawn: Drawn,
  context: PlanContext,
): { actions: Action[]; drawn: Drawn } {
  const actions: Action[] = [];
  const charts = new Map<string, DrawnChart>();
  for (const drawing of readings(catalogue, job)) {
    const { reading } = drawing;
    if (reading === undefined) continue;
    const key = keyOf(drawing.chart, drawing.instance);
    const before = drawn.charts.get(key);
    const line = before ? inStep(before.line, context) : describe(drawing, job, context, [drawn.charts, charts]);
    if (line !== before?.line) actions.push({ do: 'create', chart: line });
    const last = before?.last ?? null;
    const told = before?.variables ?? {};
    if (reading === null) {
      charts.set(key, { line, last, absentSinceUs: null, variables: told });
      continue;
    }
    const { variables } = drawing;
    actions.push(...withVariables(updates(line, last, reading, context), changed(told, variables)));
    charts.set(key, {
      line,
      last: { atUs: context.nowUs, values: reading },
      absentSinceUs: null,
      variables: { ...told, ...variables },
    });
  }
  retire(drawn, charts, actions, context.nowUs);
  return { actions, drawn: { charts } };
}

/** A chart whose interval has changed is told again: Netdata stores by what it was told. */
function inStep(line: ChartLine, { updateEvery }: PlanContext): ChartLine {
  return line.updateEvery === updateEvery ? line : { ...line, updateEvery };
}

/**
 * Running totals are drawn as rates from one update to the next, so what comes first in this process, or after a gap,
 * needs a baseline, else its first events are lost or smeared (measured on 1.37.1: docs/decisions/0002-baseline.md).
 */
function updates(line: ChartLine, last: DrawnChart['last'], values: Values, context: PlanContext): UpdateAction[] {
  const id = `${line.type}.${line.id}`;
  const sinceLast = last === null ? Number.POSITIVE_INFINITY : context.nowUs - last.atUs;
  const update: UpdateAction = { do: 'update', id, values };
  const isFollowing = sinceLast < context.updateEvery * gapFactor * 1_000_000;
  if (isFollowing || !line.dimensions.some(({ algorithm }) => algorithm === 'incremental')) return [update];
  return [{ ...update, values: last?.values ?? zeros(line, values) }, update];
}

function changed(told: Values, now: Values): Values {
  return Object.fromEntries(Object.entries(now).filter(([name, value]) => told[name] !== value));
}

/** They go with the first of a tick's updates. */
function withVariables(actions: UpdateAction[], variables: Values): UpdateAction[] {
  const [first, ...rest] = actions;
  return first === undefined || Object.keys(variables).length === 0 ? actions : [{ ...first, variables }, ...rest];
}

/** A tick may be late; from twice the interval on Netdata draws a gap. */
const gapFactor = 2;

/** What a process has counted when it begins: nothing, of that which it counts at all. */
function zeros(line: ChartLine, values: Values): Values {
  const counted = line.dimensions.filter(({ id, algorithm }) => algorithm === 'incremental' && id in values);
  return { ...values, ...Object.fromEntries(counted.map(({ id }) => [id, 0])) };
}

/** Carries over what the snapshot no longer has, until it has been absent long enough to be told obsolete. */
function retire(drawn: Drawn, charts: Map<string, DrawnChart>, actions: Action[], nowUs: number): void {
  for (const [key, before] of drawn.charts) {
    if (charts.has(key)) continue;
    const absentSinceUs = before.absentSinceUs ?? nowUs;
    if (nowUs - absentSinceUs >= obsoleteAfterUs) actions.push({ do: 'obsolete', chart: before.line });
    else charts.set(key, { ...before, absentSinceUs });
  }
}

/** Everything of a job that has ended is obsolete at once. */
export function retireAll(drawn: Drawn): Action[] {
  return Array.from(drawn.charts.values(), ({ line }) => ({ do: 'obsolete', chart: line }));
}

interface Drawing {
  readonly chart: Chart;
  readonly instance: Instance;
  readonly reading: Reading;
  readonly variables: Values;
}

function* readings(catalogue: readonly Chart[], job: JobSnapshot): Generator<Drawing> {
  const jobLevel = jobInstance(job);
  const upstreams = job.upstreams.map((of) => ({ of, instance: upstreamInstance(job, of) }));
  const peers = job.peers.map((of) => ({ of, instance: peerInstance(job, of) }));
  for (const chart of catalogue) {
    if (chart.level === 'job') {
      yield drawing(chart, jobLevel, job);
    } else if (chart.level === 'upstream') {
      for (const { of, instance } of upstreams) yield drawing(chart, instance, of);
    } else {
      for (const { of, instance } of peers) yield drawing(chart, instance, of);
    }
  }
}

type ChartOf<Of> = Chart & {
  readonly read: (of: Of) => Reading;
  readonly variables?: Readonly<Record<string, (of: Of) => number | undefined>>;
};

function drawing<Of>(chart: ChartOf<Of>, instance: Instance, of: Of): Drawing {
  const variables: Record<string, number> = {};
  for (const [name, read] of Object.entries(chart.variables ?? {})) {
    const value = read(of);
    if (value !== undefined) variables[name] = value;
  }
  return { chart, instance, reading: chart.read(of), variables };
}

function keyOf(chart: Chart, instance: Instance): string {
  return `${chart.name}\0${instance.key}`;
}

function describe(
  { chart, instance }: Drawing,
  job: JobSnapshot,
  { dialect, updateEvery }: PlanContext,
  drawn: readonly ReadonlyMap<string, DrawnChart>[],
): ChartLine {
  const idOf = (slug: string) => `${chart.name}_${slug}`;
  const isTaken = (slug: string) => drawn.some((charts) => hasId(charts, idOf(slug)));
  const id = instance.level === 'job' ? chart.name : idOf(slugOf(instance.text, isTaken));
  return {
    type: `nginx_upstream_${slugOf(job.job, () => false)}`,
    id,
    title: chart.title,
    units: chart.units,
    family: familyOf(instance, chart.family, dialect),
    context: `nginx_upstream.${chart.name}`,
    chartType: chart.type === 'heatmap' && !dialect.heatmap ? 'stacked' : chart.type,
    priority: chart.priority,
    updateEvery,
    module: chart.module,
    labels: instance.labels.filter(([, value]) => value !== ''),
    dimensions: chart.dimensions.map((d) => ({ multiplier: 1, divisor: 1, ...d })),
  };
}

function hasId(charts: ReadonlyMap<string, DrawnChart>, id: string): boolean {
  for (const { line } of charts.values()) if (line.id === id) return true;
  return false;
}
