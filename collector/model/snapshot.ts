/** All that is known at one tick: what `charts/` draws. */
import type { AttemptKind, ErrorMaker, Outcome, RequestClass } from './access.ts';
import type { AlertValues } from './alert-values.ts';
import type { PeerCause } from './cause.ts';
import type { ConnectKind, FailureKind, PeerKind } from './failure.ts';
import type {
  Buckets,
  Counts,
  LogTotals,
  MinutePercentiles,
  Percentiles,
  PluginLoad,
  Reconciliation,
} from './measure.ts';
import type { ConnectionsSnapshot, PeerSockets, WorkersSnapshot } from './nginx.ts';

/** Where the plugin learned of an instance: its configuration, a log line, or the shared instance over the cap. */
export type Origin = 'configured' | 'log' | 'other';

/**
 * What nginx's passive health checks make of a peer: some of its workers have ejected it
 * (`failing`), or all have (`unavailable`).
 */
export const peerStates = ['up', 'unavailable', 'failing'] as const;
export type PeerState = (typeof peerStates)[number];

/** Running totals: how often a peer that was up was ejected by a worker, and how often it was up again everywhere. */
export type Transitions = Counts<'ejected' | 'returned'>;

/**
 * One peer at one tick. Counters are running totals since the plugin started.
 * `null` is a gap (its source failed this tick); `undefined` is "not measured here, draw no chart".
 */
export interface PeerSnapshot {
  readonly upstream: string;
  /** As nginx writes it: `10.0.0.1:80`, `[::1]:80`, `unix:/run/x.sock`. */
  readonly peer: string;
  readonly origin: Origin;
  readonly failures?: Counts<PeerKind> | null;
  /** Kinds that the log_format cannot show are left out. */
  readonly attempts?: Partial<Counts<AttemptKind>> | null;
  /** Undefined where nginx checks nothing: `max_fails=0`, `down`, a group of one peer, a peer in no configuration. */
  readonly health?: { readonly state: PeerState; readonly transitions: Transitions } | null;
  /** Of this tick, as every `Percentiles` unless said otherwise; null also when there was no sample. */
  readonly connectTime?: Percentiles | null;
  readonly responseTime?: Percentiles | null;
  readonly sockets?: PeerSockets | null;
  /** 1 for each cause that was found, 0 for the others. */
  readonly causes?: Counts<PeerCause> | null;
  /** Its charts are not drawn (`peer_charts`): it fails now or did within the last hour, or it has none. */
  readonly uncharted?: boolean;
  /** The verdict of now in words, `process down (certain)`; undefined while there is none. */
  readonly verdict?: string;
  /** What its alerts say (aggregate/windows/labels.ts). */
  readonly causeLabel?: string;
  /** The servers (`server_name`) whose requests failed at it within the last hour, the latest first, a few of them. */
  readonly servers?: readonly string[];
  /** By the error log connects to it time out now, and have for a while. */
  readonly timesOut?: boolean;
  /** Requests that wait for it, or whose clients left, while it answers nothing any more. */
  readonly hung?: number;
  /** What alerts on the peer read (aggregate/windows/). */
  readonly alerts?: AlertValues;
}

export interface UpstreamSnapshot {
  readonly upstream: string;
  readonly origin: Origin;
  readonly failures?: Counts<FailureKind> | null;
  readonly outcomes?: Counts<Outcome> | null;
  /** The 5xx that clients got, by who made them. */
  readonly serverErrors?: Counts<ErrorMaker> | null;
  /** Peers that are not marked `down`, and those of them that nginx has not ejected. */
  readonly peers?: { readonly live: number; readonly configured: number } | null;
  readonly connectTime?: Percentiles | null;
  readonly responseTime?: Percentiles | null;
  readonly connectTimeMinute?: MinutePercentiles | null;
  readonly responseTimeMinute?: MinutePercentiles | null;
  readonly connectTimes?: Buckets | null;
  /** Its failing peers and why, as its alerts say it. */
  readonly failingLabel?: string;
  /** What alerts on the upstream read. */
  readonly alerts?: AlertValues;
}

export interface FailingPeer {
  readonly upstream: string;
  readonly peer: string;
  /** Since it is listed. */
  readonly failures: number;
}

/** All that is known of one job at one tick: what `charts/` draws. */
export interface JobSnapshot {
  readonly job: string;
  readonly connectFailures?: Counts<ConnectKind> | null;
  readonly requests?: Counts<RequestClass> | null;
  readonly requestTime?: Percentiles | null;
  readonly reconciliation?: Reconciliation | null;
  readonly lines: LogTotals;
  readonly behindBytes: number;
  readonly sources: { readonly ok: number; readonly failing: number };
  readonly load: PluginLoad;
  readonly connections?: ConnectionsSnapshot | null;
  /** Of worker_processes × worker_connections, %: an estimate. */
  readonly workerConnectionsUsed?: number | null;
  /** Of the limit of the worker that is nearest to it, %. */
  readonly descriptorsUsed?: number | null;
  readonly workers?: WorkersSnapshot | null;
  /** Connections that found a full listen queue in nginx's network namespaces, since they exist. */
  readonly listenOverflows?: number | null;
  /** Events at peers over the cap of `max_peers`, which share one `other`; a running total. */
  readonly eventsOverCap?: number;
  /** What alerts on the job read. */
  readonly alerts?: AlertValues;
  /** Peers that fail or failed in the last hour, the first to fail first, up to a cap. */
  readonly failingPeers?: readonly FailingPeer[];
  readonly upstreams: readonly UpstreamSnapshot[];
  readonly peers: readonly PeerSnapshot[];
}
