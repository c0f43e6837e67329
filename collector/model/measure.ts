/** Counters and percentiles, of whatever they are. */

/** Upper bounds of the connect-time buckets, milliseconds: each bucket holds what is above the one before it. */
export const connectTimeBounds = [0, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 3000, 7000, 15000, 60000] as const;

/** Milliseconds, by nearest rank; `count` is how many samples they stand on. */
export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  readonly count: number;
}

export type Counts<K extends string> = Readonly<Record<K, number>>;

/** Of the sliding last 60 seconds. Without a sample there is only the count, 0. */
export type MinutePercentiles = Percentiles | { readonly count: 0 };

/** Connect times since the plugin started: counters, which add up over upstreams and nodes where percentiles do not. */
export interface Buckets {
  /** One per bound of `connectTimeBounds`, and one for what is above the last. */
  readonly counts: readonly number[];
  readonly sumMs: number;
  readonly count: number;
}

/** Failed connects as both logs count them since the plugin started. */
export interface Reconciliation {
  readonly errorLog: number;
  readonly accessLog: number;
  /** Access log minus error log, of what is older than the grace an attempt has until its request ends. */
  readonly difference: number;
  /** Failures of the error log whose peer nginx cut off: they are not in `errorLog`, and explain a difference. */
  readonly truncated: number;
}

/** What the sources of a job did since the plugin started: lines (running totals), bytes not read yet, states now. */
export interface LogTotals {
  readonly read: number;
  readonly unmatched: number;
  readonly foreign: number;
  readonly forged: number;
  readonly overlong: number;
  readonly lost: number;
}

export interface PluginLoad {
  /** User and system time since the plugin started, microseconds. */
  readonly cpuUs: number;
  /** Resident memory, bytes. */
  readonly residentBytes: number;
  readonly lateTicks: number;
}
