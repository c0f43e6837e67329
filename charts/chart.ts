import type { JobSnapshot, PeerSnapshot, UpstreamSnapshot } from '../collector/model.ts';

/** One value per dimension id. Integers: Netdata 1.37.1 cuts fractions, so charts scale with a divisor. */
export type Values = Readonly<Record<string, number>>;

/**
 * What a chart reads from a snapshot: its values; `null` for a gap in this tick; `undefined` where the measure does
 * not exist (then the chart is not drawn at all).
 */
export type Reading = Values | null | undefined;

export interface Dimension {
  readonly id: string;
  /** What is shown, where the id is not. */
  readonly name?: string;
  readonly algorithm: 'absolute' | 'incremental';
  readonly multiplier?: number;
  readonly divisor?: number;
  /** Kept, and known to alerts as `$id`, but not drawn unless asked for: it has another scale than its siblings. */
  readonly hidden?: boolean;
}

/**
 * Numbers that alerts on the chart read as `$name` and nobody draws, by name. They are sent when they change;
 * `undefined` shows nothing.
 */
type Variables<Of> = Readonly<Record<string, (of: Of) => number | undefined>>;

/** A label whose value changes: the alerts on the chart say it. Never left out, or they would print its name. */
export interface ChangingLabel<Of> {
  readonly name: string;
  readonly value: (of: Of) => string | undefined;
}

interface ChartShape {
  /** Chart id at job level, its prefix elsewhere; also the last part of the context `nginx_upstream.<name>`. */
  readonly name: string;
  readonly title: string;
  readonly units: string;
  readonly type: 'line' | 'area' | 'stacked' | 'heatmap';
  /** The menu section from Netdata 1.45 on; before, families are per instance (charts/naming.ts). */
  readonly family: string;
  readonly priority: number;
  /** Netdata's `module`: which of our sources it stands on. */
  readonly module: 'error_log' | 'access_log' | 'stub_status' | 'proc' | 'diagnose' | 'plugin';
  readonly dimensions: readonly Dimension[];
  /**
   * Quiet by nature: `chart` is drawn when it first has a value that is not 0; `dimensions` also has only those of its
   * dimensions that ever had one.
   */
  readonly quiet?: 'chart' | 'dimensions';
}

export interface JobChart extends ChartShape {
  readonly level: 'job';
  readonly read: (job: JobSnapshot) => Reading;
  /** Dimensions that come and go, besides those above: each is announced one tick before it has a value. */
  readonly more?: (job: JobSnapshot) => readonly Dimension[];
  readonly variables?: Variables<JobSnapshot>;
}

export interface UpstreamChart extends ChartShape {
  readonly level: 'upstream';
  readonly read: (upstream: UpstreamSnapshot) => Reading;
  readonly label?: ChangingLabel<UpstreamSnapshot>;
  readonly variables?: Variables<UpstreamSnapshot>;
}

export interface PeerChart extends ChartShape {
  readonly level: 'peer';
  readonly read: (peer: PeerSnapshot) => Reading;
  readonly label?: ChangingLabel<PeerSnapshot>;
  readonly variables?: Variables<PeerSnapshot>;
}

/** A chart is data: what it is called, what it holds, and where its values stand in a snapshot. */
export type Chart = JobChart | UpstreamChart | PeerChart;

/** Variables that a snapshot has ready (aggregate/windows/), by name. */
export function alertVariables<Of extends { readonly alerts?: Values }>(names: readonly string[]): Variables<Of> {
  return Object.fromEntries(names.map((name) => [name, ({ alerts }: Of) => alerts?.[name]]));
}

/** Dimensions of running totals, drawn as rates. */
export function rates(ids: readonly string[]): readonly Dimension[] {
  return ids.map((id) => ({ id, algorithm: 'incremental' }));
}

/** Dimensions drawn as they are. */
export function gauges(ids: readonly string[], divisor = 1): readonly Dimension[] {
  return ids.map((id) => ({ id, algorithm: 'absolute', divisor }));
}
