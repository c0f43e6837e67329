import type { JobSnapshot, PeerSnapshot } from '../collector/model.ts';
import type { Action, ChartLine } from './action.ts';
import type { ChangingLabel, Chart, Dimension, Reading, Values } from './chart.ts';
import { dimensionsNow, fixedDimensions, hasNothingToSay, valuesOf, withDimensions } from './dimensions.ts';
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
import { chartsOf, type DrawnInstance, drawnAgain, updatesAgain } from './rest.ts';
import { type DrawnChart, fresh, none, type PlanContext, update, variablesOf } from './update.ts';

/** What Netdata knows of one job so far. A value: `plan` returns the next one and changes nothing. */
export interface Drawn {
  /** By level and key (see `keyOf`). */
  readonly instances: ReadonlyMap<string, DrawnInstance>;
  /** As they were at the last tick. Those without charts count from there, should they get some. */
  readonly peers: readonly PeerSnapshot[];
  /** What the tick was about; null before the first. */
  readonly context: PlanContext | null;
}

export const nothingDrawn: Drawn = { instances: new Map(), peers: [], context: null };

/** A chart whose instance has left the snapshot is marked obsolete after this time (a reload may bring it back). */
const obsoleteAfterUs = 60_000_000;

/**
 * Compares what a job measured with what Netdata knows of it: pure, and the only place where charts begin and end.
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

  const isInStep = drawn.context?.updateEvery === context.updateEvery && drawn.context.dialect === context.dialect;

  function draw<Of>(key: string, of: Of, charts: readonly ChartOf<Of>[], name: () => Instance): void {
    const before = drawn.instances.get(key);
    const again = isInStep && before !== undefined ? drawnAgain(before, of, context) : null;
    if (before !== undefined && again !== null) {
      actions.push({ do: 'again', updates: again });
      instances.set(key, { ...before, lastUs: context.nowUs });
      return;
    }
    const instance = before?.instance ?? name();
    const known = before === undefined ? [] : chartsOf(before);
    const next = charts.map((chart, i) => drawOne(chart, known[i], of, instance, () => waiting(key) as Of | undefined));
    // Only what stands for a second time is likely to stand for longer.
    const updates = before?.of === of ? updatesAgain(charts, next, context.nowUs) : null;
    instances.set(key, { instance, charts: next, of, drawnUs: context.nowUs, lastUs: context.nowUs, updates });
  }

  /** Of peers that had no charts at the last tick; gathered when the first gets some. */
  let waitingPeers: ReadonlyMap<string, PeerSnapshot> | null = null;

  function waiting(key: string): PeerSnapshot | undefined {
    waitingPeers ??= new Map(
      drawn.peers.flatMap((each) => (each.uncharted ? [[keyOf('peer', peerKey(each)), each] as const] : [])),
    );
    return waitingPeers.get(key);
  }

  function drawOne<Of>(
    chart: ChartOf<Of>,
    known: DrawnChart | undefined,
    of: Of,
    instance: Instance,
    waiting: () => Of | undefined,
  ): DrawnChart | undefined {
    const reading = chart.read(of);
    if (reading === undefined) return known && absent(known, context.nowUs, actions);
    if (hasNothingToSay(chart, known !== undefined, reading)) return undefined;
    const line = lineNow(chart, known?.line, of, reading, instance);
    if (line !== known?.line) actions.push({ do: 'create', chart: line });
    const values = reading && valuesOf(line, chart, reading);
    const variables = chart.variables ? variablesOf(chart.variables, of) : none;
    return update(known ?? begun(chart, line, waiting()), line, values, variables, context, actions);
  }

  function lineNow<Of>(
    chart: ChartOf<Of>,
    known: ChartLine | undefined,
    of: Of,
    reading: Values | null,
    instance: Instance,
  ): ChartLine {
    let line = known ? inStep(known, context) : create(chart, instance);
    if (chart.quiet === 'dimensions' || chart.more) {
      const now = dimensionsNow(chart, known?.dimensions ?? null, chart.more?.(of) ?? [], reading);
      line = known ? withDimensions(line, now) : { ...line, dimensions: now };
    }
    return chart.label ? labelled(line, chart.label, of) : line;
  }

  const of = chartsByLevel(catalogue);
  draw(keyOf('job', ''), job, of.job, () => jobInstance(job));
  for (const each of job.upstreams)
    draw(keyOf('upstream', upstreamKey(each)), each, of.upstream, () => upstreamInstance(job, each));
  for (const each of job.peers) {
    if (!each.uncharted) draw(keyOf('peer', peerKey(each)), each, of.peer, () => peerInstance(job, each));
  }

  for (const [key, before] of drawn.instances) {
    if (instances.has(key)) continue;
    const left = chartsOf(before).map((chart) => chart && absent(chart, context.nowUs, actions));
    if (left.some((chart) => chart !== undefined)) instances.set(key, { ...before, charts: left, updates: null });
  }
  return { actions, drawn: { instances, peers: job.peers, context } };
}

/** A chart that begins with what its peer had counted without one. */
function begun<Of>(chart: ChartOf<Of>, line: ChartLine, waiting: Of | undefined): DrawnChart {
  return fresh(line, waiting === undefined ? null : (chart.read(waiting) ?? null));
}

type ChartOf<Of> = Chart & {
  readonly read: (of: Of) => Reading;
  readonly variables?: Readonly<Record<string, (of: Of) => number | undefined>>;
  readonly label?: ChangingLabel<Of>;
  readonly more?: (of: Of) => readonly Dimension[];
};

function chartsByLevel(catalogue: readonly Chart[]) {
  return {
    job: catalogue.filter((chart) => chart.level === 'job'),
    upstream: catalogue.filter((chart) => chart.level === 'upstream'),
    peer: catalogue.filter((chart) => chart.level === 'peer'),
  };
}

const keyOf = (level: Instance['level'], key: string): string => `${level}\0${key}`;

/** A chart whose interval has changed is reported again: Netdata stores by the interval it was given. */
function inStep(line: ChartLine, { updateEvery }: PlanContext): ChartLine {
  return line.updateEvery === updateEvery ? line : { ...line, updateEvery };
}

/** All labels are reported again when one has changed: Netdata drops those that are not. */
function labelled<Of>(line: ChartLine, { name, value }: ChangingLabel<Of>, of: Of): ChartLine {
  const label = value(of) ?? 'none';
  if (line.labels.some(([known, told]) => known === name && told === label)) return line;
  return { ...line, labels: [...line.labels.filter(([known]) => known !== name), [name, label]] };
}

/** Carries over what the snapshot no longer has, until it has been absent long enough to be marked obsolete. */
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
    dimensions: fixedDimensions(chart),
  };
}

function linesOf({ instances }: Pick<Drawn, 'instances'>): ChartLine[] {
  return [...instances.values()].flatMap(({ charts }) => charts.flatMap((chart) => (chart ? [chart.line] : [])));
}
