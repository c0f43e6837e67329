import type { JobSnapshot } from '../collector/model.ts';
import type { Action, ChartLine, UpdateAction } from './action.ts';
import type { ChangingLabel, Chart, Reading, Values } from './chart.ts';
import type { Dialect } from './dialect.ts';
import {
  familyOf,
  type Instance,
  jobInstance,
  peerInstance,
  peerKey,
  slugOf,
  upstreamInstance,
  upstreamKey,
} from './naming.ts';

/** What Netdata has been told of one job so far. A value: `plan` returns the next one and changes nothing. */
export interface Drawn {
  /** By level and key (see `keyOf`). */
  readonly instances: ReadonlyMap<string, DrawnInstance>;
}

interface DrawnInstance {
  readonly instance: Instance;
  /** In the order of the catalogue's charts of this level; a chart that is not drawn is missing. */
  readonly charts: readonly (DrawnChart | undefined)[];
}

interface DrawnChart {
  readonly line: ChartLine;
  /** `type.id` */
  readonly id: string;
  /** When the last BEGIN was written, and with which values; null before the first. */
  readonly lastUs: number;
  readonly values: Values | null;
  /** Since when the snapshot has been without it; null while it is there. */
  readonly absentSinceUs: number | null;
  /** The chart's variables, as they were told. */
  readonly variables: Values;
}

export const nothingDrawn: Drawn = { instances: new Map() };

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
  const instances = new Map<string, DrawnInstance>();
  /** Of all charts; gathered when the first new one needs an id. */
  let ids: Set<string> | null = null;

  function create(chart: Chart, instance: Instance): ChartLine {
    const taken = ids ?? new Set(linesOf(drawn).map(({ id }) => id));
    ids = taken;
    const line = describe(chart, instance, job, context, (id) => taken.has(id));
    taken.add(line.id);
    return line;
  }

  function draw<Of>(key: string, of: Of, charts: readonly ChartOf<Of>[], name: () => Instance): void {
    const before = drawn.instances.get(key);
    const instance = before?.instance ?? name();
    const next = charts.map((chart, i) => {
      const known = before?.charts[i];
      const reading = chart.read(of);
      if (reading === undefined) return known && absent(known, context.nowUs, actions);
      const drawnLine = known ? inStep(known.line, context) : create(chart, instance);
      const line = chart.label ? labelled(drawnLine, chart.label, of) : drawnLine;
      if (line !== known?.line) actions.push({ do: 'create', chart: line });
      return update(known, line, reading, chart.variables ? variablesOf(chart.variables, of) : none, context, actions);
    });
    instances.set(key, { instance, charts: next });
  }

  const of = chartsByLevel(catalogue);
  draw(keyOf('job', ''), job, of.job, () => jobInstance(job));
  for (const each of job.upstreams)
    draw(keyOf('upstream', upstreamKey(each)), each, of.upstream, () => upstreamInstance(job, each));
  for (const each of job.peers) draw(keyOf('peer', peerKey(each)), each, of.peer, () => peerInstance(job, each));

  for (const [key, { instance, charts }] of drawn.instances) {
    if (instances.has(key)) continue;
    const left = charts.map((chart) => chart && absent(chart, context.nowUs, actions));
    if (left.some((chart) => chart !== undefined)) instances.set(key, { instance, charts: left });
  }
  return { actions, drawn: { instances } };
}

type ChartOf<Of> = Chart & {
  readonly read: (of: Of) => Reading;
  readonly variables?: Readonly<Record<string, (of: Of) => number | undefined>>;
  readonly label?: ChangingLabel<Of>;
};

function chartsByLevel(catalogue: readonly Chart[]) {
  return {
    job: catalogue.filter((chart) => chart.level === 'job'),
    upstream: catalogue.filter((chart) => chart.level === 'upstream'),
    peer: catalogue.filter((chart) => chart.level === 'peer'),
  };
}

const keyOf = (level: Instance['level'], key: string): string => `${level}\0${key}`;

const none: Values = {};

/** A chart whose interval has changed is told again: Netdata stores by what it was told. */
function inStep(line: ChartLine, { updateEvery }: PlanContext): ChartLine {
  return line.updateEvery === updateEvery ? line : { ...line, updateEvery };
}

/** All labels are told again when one has changed: Netdata drops those that are not. */
function labelled<Of>(line: ChartLine, { name, value }: ChangingLabel<Of>, of: Of): ChartLine {
  const label = value(of) ?? 'none';
  if (line.labels.some(([known, told]) => known === name && told === label)) return line;
  return { ...line, labels: [...line.labels.filter(([known]) => known !== name), [name, label]] };
}

/** One more reading of a chart; `known` is what was drawn of it before. */
function update(
  known: DrawnChart | undefined,
  line: ChartLine,
  reading: Values | null,
  variables: Values,
  context: PlanContext,
  actions: Action[],
): DrawnChart {
  const id = known?.id ?? `${line.type}.${line.id}`;
  const lastUs = known?.lastUs ?? Number.NEGATIVE_INFINITY;
  const values = known?.values ?? null;
  const told = known?.variables ?? none;
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
  const isFollowing = nowUs - lastUs < updateEvery * gapFactor * 1_000_000;
  if (isFollowing || !line.dimensions.some(({ algorithm }) => algorithm === 'incremental')) return null;
  return last ?? zeros(line, values);
}

/** A tick may be late; from twice the interval on Netdata draws a gap. */
const gapFactor = 2;

/** What a process has counted when it begins: nothing, of that which it counts at all. */
function zeros(line: ChartLine, values: Values): Values {
  const counted = line.dimensions.filter(({ id, algorithm }) => algorithm === 'incremental' && id in values);
  return { ...values, ...Object.fromEntries(counted.map(({ id }) => [id, 0])) };
}

function variablesOf<Of>(variables: NonNullable<ChartOf<Of>['variables']>, of: Of): Values {
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

/** Carries over what the snapshot no longer has, until it has been absent long enough to be told obsolete. */
function absent(chart: DrawnChart, nowUs: number, actions: Action[]): DrawnChart | undefined {
  const absentSinceUs = chart.absentSinceUs ?? nowUs;
  if (nowUs - absentSinceUs < obsoleteAfterUs) return { ...chart, absentSinceUs };
  actions.push({ do: 'obsolete', chart: chart.line });
  return undefined;
}

/** Everything of a job that has ended is obsolete at once. */
export function retireAll(drawn: Drawn): Action[] {
  return linesOf(drawn).map((chart) => ({ do: 'obsolete', chart }));
}

function describe(
  chart: Chart,
  instance: Instance,
  job: JobSnapshot,
  { dialect, updateEvery }: PlanContext,
  isTaken: (id: string) => boolean,
): ChartLine {
  const idOf = (slug: string) => `${chart.name}_${slug}`;
  const id = instance.level === 'job' ? chart.name : idOf(slugOf(instance.text, (slug) => isTaken(idOf(slug))));
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

function linesOf({ instances }: Drawn): ChartLine[] {
  return [...instances.values()].flatMap(({ charts }) => charts.flatMap((chart) => (chart ? [chart.line] : [])));
}
