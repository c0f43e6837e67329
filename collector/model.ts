// biome-ignore-all lint/style/noExcessiveLinesPerFile: all types that travel stand in one file (docs/architecture.md)
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

/** Connects that failed at a peer: the access log has each as an attempt without a connect time. */
export const peerConnectKinds = [
  'refused',
  'timed_out',
  'unreachable',
  'socket_missing',
  'denied',
  'backlog_full',
  'no_ports',
  'no_files',
  'tls',
] as const satisfies readonly ConnectKind[];

/** The failures whose line names the peer that was tried: the others are about a group, a name, or nginx itself. */
export const peerKinds = [...peerConnectKinds, ...laterKinds] as const;
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

/** One line of nginx's error log, every field null when the line does not have it. */
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
  /** The upstream whose peer an active health check of NGINX Plus found so: no request met it. */
  readonly checked?: string;
}

/**
 * Why a peer cannot be reached, or nginx itself cannot connect, in the order of the
 * chart. docs/troubleshooting.md has a section for each.
 */
export const peerCauses = [
  'process_down',
  'wrong_bind_address',
  'wrong_port',
  'localhost_family',
  'container_localhost',
  'stale_address',
  'firewall_reject',
  'accept_queue_full',
  'no_answer',
  'host_down',
  'no_route',
  'not_permitted',
  'socket_missing',
  'socket_stale',
  'socket_denied',
  'socket_backlog_full',
  'no_ports',
  'no_files',
  'worker_connections',
  'restarting',
  'ejected',
  'unknown',
  'crash_loop',
  'unresolved',
  'tls',
  'hangs',
  'breaks_after_connect',
  'application_error',
  'no_local_address',
] as const;
export type PeerCause = (typeof peerCauses)[number];

/** `certain`: nothing else gives these facts. `likely`: something else could, and the evidence says what. */
export type Sureness = 'certain' | 'likely' | 'unknown';

/**
 * The client's side of all requests, by status. Their order is the order of the dimensions, and so their colour: what is
 * good comes first, the worst second (both dashboards draw the second dimension red).
 */
export const requestClasses = [
  '2xx',
  'status_502',
  '3xx',
  'status_504',
  '4xx',
  'status_503',
  'other_5xx',
  '1xx',
] as const;
export type RequestClass = (typeof requestClasses)[number];

/**
 * What a client got of a request that went upstream, exclusive; `masked`: an attempt failed and
 * another answered; `fallback`: no peer answered, and nginx gave something else (an error_page, a stale cache).
 */
export const outcomes = [
  'ok',
  'bad_gateway',
  'masked',
  'fallback',
  'unavailable',
  'gateway_timeout',
  'other_5xx',
] as const;
export type Outcome = (typeof outcomes)[number];

/** What became of the attempts at a peer. An attempt that connected may count for a status, too. */
export const attemptKinds = [
  'connected',
  'connect_failed',
  'reused',
  'status_502',
  'status_503',
  'status_504',
] as const;
export type AttemptKind = (typeof attemptKinds)[number];

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

/**
 * What one line of an access log says. There is one record per log and each line overwrites it: the hot path makes no
 * objects. Times are whole milliseconds as nginx writes them; -1 stands for `-`, for an empty value, and for a variable
 * that the log_format does not have.
 */
export interface AccessRecord {
  /** The client's status. */
  status: number;
  requestTimeMs: number;
  /** `$proxy_host`, as a number for `names`. */
  upstream: number;
  /** Where `$request_method` stands in the bytes that were matched. */
  methodStart: number;
  methodEnd: number;
  /** Where `$time_local` or `$time_iso8601` stands in the bytes that were matched; -1 when the format has none. */
  timeStart: number;
  /** How many elements of the lists are of this line. */
  attempts: number;
  /** `$upstream_addr`, as numbers for `names`. */
  readonly peers: Int32Array;
  readonly statuses: Int32Array;
  readonly connectMs: Int32Array;
  readonly headerMs: Int32Array;
  readonly responseMs: Int32Array;
  /** The first attempt of the last pass: those before it were given up by an internal redirect (` : `). */
  lastPass: number;
  /** The first attempt that came after an internal redirect; equal to `attempts` when none did. */
  redirectedFrom: number;
  readonly names: {
    /** What nginx wrote. */
    text(id: number): string;
    /** Grows when the numbers given before have become invalid. */
    generation(): number;
  };
}

/** Which values a log_format has. */
export interface AccessFields {
  readonly status: boolean;
  /** Any of the lists below. */
  readonly upstreams: boolean;
  readonly peers: boolean;
  readonly statuses: boolean;
  readonly connectTime: boolean;
  readonly headerTime: boolean;
  readonly responseTime: boolean;
  readonly requestTime: boolean;
  readonly proxyHost: boolean;
  readonly method: boolean;
}

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
  /** Kinds that the log_format cannot tell are left out. */
  readonly attempts?: Partial<Counts<AttemptKind>> | null;
  /** Undefined where nginx checks nothing: `max_fails=0`, `down`, a group of one peer, a peer in no configuration. */
  readonly health?: { readonly state: PeerState; readonly transitions: Transitions } | null;
  /** Of this tick, as every `Percentiles` unless said otherwise; null also when there was no sample. */
  readonly connectTime?: Percentiles | null;
  readonly responseTime?: Percentiles | null;
  readonly sockets?: PeerSockets | null;
  /** 1 for each cause that was found, 0 for the others (measure 11). */
  readonly causes?: Counts<PeerCause> | null;
  /** Its charts are not drawn (`peer_charts`): it fails now or did within the last hour, or it has none. */
  readonly uncharted?: boolean;
  /** The verdict of now in words, `process down (certain)`; undefined while there is none. */
  readonly verdict?: string;
  /** What its alerts say (aggregate/windows/labels.ts). */
  readonly causeLabel?: string;
  /** By the error log connects to it time out now, and have for a while. */
  readonly timesOut?: boolean;
  /** What alerts on the peer read (aggregate/windows/). */
  readonly alerts?: AlertValues;
}

/** Numbers that alerts read, by the name they have there (aggregate/windows/). */
export type AlertValues = Readonly<Record<string, number>>;

/**
 * What alerts read, as variables of their own chart. `…_sustained`: how many in the last minute, from when they have been
 * seen now and 10 to 20 seconds ago (or further back, where fail_timeout is long) until a minute passes without any; else 0.
 */
export const upstreamAlertValues = [
  'lost_sustained',
  'fallback_sustained',
  'no_live_sustained',
  'unresolved_sustained',
  'masked_sustained',
  'failed_after_sustained',
  'failed_after_share',
  'inferred_after_sustained',
  'client_errors_1m',
  'connects',
  'silent_peers',
  'none_connects',
  'connect_p95',
  'connect_count',
  'response_p95',
  'response_count',
  'response_p95_before',
  'live',
  'configured',
] as const;
export const peerAlertValues = [
  'unaccounted_sustained',
  'uncovered',
  'inferred',
  'unavailable_30s',
  'returns_10m',
] as const;
export const jobAlertValues = [
  'worker_connections_1m',
  'no_files_1m',
  'connections_used',
  'descriptors_used',
  'dropped_now',
  'dropped_before',
  'dropped_1m',
  'writing_share',
  'writing_share_before',
  'active',
  'failing_upstreams',
  'workers_missing',
  'nginx_down',
  'sources_failing',
  'lines_1m',
  'unmatched_1m',
] as const;

export interface UpstreamSnapshot {
  readonly upstream: string;
  readonly origin: Origin;
  readonly failures?: Counts<FailureKind> | null;
  readonly outcomes?: Counts<Outcome> | null;
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
  /** Of worker_processes × worker_connections, %: an estimate (measure 9). */
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

/** One answer of nginx's stub_status: gauges now, counters since nginx started. */
export interface StubStatus {
  readonly active: number;
  readonly accepts: number;
  readonly handled: number;
  readonly requests: number;
  readonly reading: number;
  /** Includes the request that asked for the page. */
  readonly writing: number;
  readonly waiting: number;
}

/** What is charted of the TCP states; `fin_wait` is every state in which this end has sent its FIN. */
export const tcpStates = ['syn_sent', 'established', 'time_wait', 'close_wait', 'fin_wait'] as const;
export type TcpState = (typeof tcpStates)[number];

/** Measure 7. Gauges now; counters are running totals since the plugin started. */
export interface ConnectionsSnapshot {
  readonly active: number;
  readonly reading: number;
  readonly writing: number;
  readonly waiting: number;
  readonly accepted: number;
  readonly handled: number;
  /** Accepted and closed at once, for want of worker_connections. */
  readonly dropped: number;
  readonly requests: number;
}

/** nginx's processes. `configured` is null while it is not known. */
export interface WorkersSnapshot {
  readonly running: number;
  readonly shuttingDown: number;
  readonly configured: number | null;
  /** Running totals. */
  readonly reloads: number;
  readonly restarts: number;
}

/** Measure 8 of one peer, from the network namespaces nginx's workers live in. */
export interface PeerSockets {
  readonly states: Counts<TcpState>;
  /** nginx's own sockets in SYN-SENT whose SYN was sent again. */
  readonly retransmitting?: number;
  /** Connections that wait for the peer to accept them, where it listens on this host; else null. */
  readonly queued: number | null;
  /** Local ports that connections to it hold, of those there are; null where that is not known. */
  readonly localPorts: { readonly used: number; readonly of: number } | null;
}

/** A peer as nginx's configuration has it. */
export interface ConfiguredPeer {
  readonly upstream: string;
  readonly peer: string;
  /** Where its lines are counted when they do not tell the upstream: `a|b` when both hold the peer. */
  readonly instance: string;
  readonly maxFails: number;
  readonly failTimeoutSeconds: number;
  /** The shared memory zone's name; without one each worker counts failures for itself. */
  readonly zone: string | null;
  readonly backup: boolean;
  readonly down: boolean;
  /** The only peer of its upstream: nginx ignores max_fails. */
  readonly single: boolean;
  /** FILE:LINE of its `server` line, or of the `*_pass` that names it. */
  readonly place: string;
}

/**
 * Names the upstream of what a log calls a peer: an address, or the name of a group of which none was live.
 *
 * @param proxyHost `$proxy_host`, null where the log does not have it
 * @param protocol whose upstreams it may belong to, null for any
 */
export type UpstreamOf = (
  peer: string,
  proxyHost: string | null,
  protocol: 'http' | 'stream' | 'mail' | null,
) => string;

/** A call of one of our Netdata Functions, as it came on stdin. */
export interface FunctionCall {
  /** Letters, digits, `_` and `-`: it may be written back as it is. */
  readonly transaction: string;
  readonly timeoutSeconds: number;
  /** The function's name and its arguments. */
  readonly text: string;
  /** Bits of Netdata's HTTP_ACCESS. */
  readonly access: number;
  /** The body of a POST; null: there is none. */
  readonly payload: string | null;
}
