/**
 * The types that travel from room to room (docs/architecture.md). This file imports nothing.
 *
 * Words are nginx's own: an *upstream* is a named group, or the host of a `proxy_pass` with no group; a *peer* is one
 * address of it; an *attempt* is one try of one request at one peer.
 */

/** The connection was never made. */
export const connectKinds = [
  'refused',
  'timed_out',
  'unreachable',
  'socket_missing',
  'denied',
  'backlog_full',
  'no_ports',
  'no_files',
  'worker_connections',
  'no_live',
  'resolve',
  'tls',
] as const;
export type ConnectKind = (typeof connectKinds)[number];

/** The connection was made and broke later. */
export const laterKinds = ['reset', 'closed_early', 'read_timeout', 'bad_response', 'other'] as const;
export type LaterKind = (typeof laterKinds)[number];

export const failureKinds = [...connectKinds, ...laterKinds] as const;
export type FailureKind = ConnectKind | LaterKind;

/** The failures whose line names the peer that was tried: the others are about a group, a name, or nginx itself. */
export const peerKinds = [
  'refused',
  'timed_out',
  'unreachable',
  'socket_missing',
  'denied',
  'backlog_full',
  'no_ports',
  'no_files',
  'tls',
  ...laterKinds,
] as const;
export type PeerKind = (typeof peerKinds)[number];

/**
 * What a line of the error log is about. `disabled` is an ejection, not a failure of its own; `unrelated` is a valid
 * line that is no upstream failure.
 */
export type Kind = FailureKind | 'disabled' | 'unrelated';

/** The `upstream:` field. `scheme` is null for stream and mail; `peer` may be a group's name when none was live. */
export interface UpstreamField {
  readonly scheme: string | null;
  readonly peer: string;
  readonly uri: string | null;
}

/** One line of nginx's error log, every field null when the line does not have it (design: `parse error`). */
export interface ErrorLine {
  /** ISO without a zone, `2026-11-22T07:30:45`: nginx writes local time and no zone. */
  readonly time: string | null;
  readonly level: string | null;
  readonly pid: number | null;
  readonly tid: number | null;
  readonly connection: number | null;
  readonly errno: number | null;
  readonly message: string;
  readonly kind: Kind;
  /** The text after `while `. */
  readonly action: string | null;
  readonly protocol: 'http' | 'stream' | 'mail' | null;
  readonly client: string | null;
  readonly server: string | null;
  readonly request: string | null;
  readonly subrequest: string | null;
  readonly upstream: UpstreamField | null;
  readonly host: string | null;
  readonly referrer: string | null;
  readonly login: string | null;
  /** nginx cut the line at 2048 bytes (NGX_MAX_ERROR_STR), or its end is missing. */
  readonly truncated: boolean;
}

/** Where the plugin learned of an instance: its configuration, a log line, or the shared instance over the cap. */
export type Origin = 'configured' | 'log' | 'other';

export type Counts<K extends string> = Readonly<Record<K, number>>;

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
}

export interface UpstreamSnapshot {
  readonly upstream: string;
  readonly origin: Origin;
  readonly failures?: Counts<FailureKind> | null;
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

/** All that is known of one job at one tick: what `charts/` draws. */
export interface JobSnapshot {
  readonly job: string;
  readonly connectFailures?: Counts<ConnectKind> | null;
  readonly lines: LogTotals;
  readonly behindBytes: number;
  readonly sources: { readonly ok: number; readonly failing: number };
  readonly load: PluginLoad;
  readonly upstreams: readonly UpstreamSnapshot[];
  readonly peers: readonly PeerSnapshot[];
}
