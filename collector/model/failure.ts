/** What a line of the error log says, and the kinds of failure. */

/**
 * The order of kinds is the order of dimensions, and so their colour: dashboards draw the second and the tenth red, the
 * first and the third blue or green, so what is rare stands there.
 */
const ofTheAddress = [
  'no_files',
  'refused',
  'no_ports',
  'timed_out',
  'unreachable',
  'tls',
  'socket_missing',
  'backlog_full',
] as const;

/** The connection was never made. */
export const connectKinds = [...ofTheAddress, 'worker_connections', 'no_live', 'resolve', 'denied'] as const;
export type ConnectKind = (typeof connectKinds)[number];

/** The connection was made and broke later. */
export const laterKinds = ['closed_early', 'other', 'bad_response', 'reset', 'read_timeout'] as const;
export type LaterKind = (typeof laterKinds)[number];

export const failureKinds = [...connectKinds, ...laterKinds] as const;
export type FailureKind = ConnectKind | LaterKind;

/** Connects that failed at a peer: the access log has each as an attempt without a connect time. */
export const peerConnectKinds = [...ofTheAddress, 'denied'] as const;

/** The failures whose line names the peer that was tried: the others are about a group, a name, or nginx itself. */
export const peerKinds = [
  ...peerConnectKinds,
  'reset',
  'read_timeout',
  'closed_early',
  'bad_response',
  'other',
] as const satisfies readonly FailureKind[];
export type PeerKind = (typeof peerKinds)[number];

/**
 * What a line of the error log is about. `disabled` is an ejection, not another failure; `unrelated` is a valid
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

/** What of a line is counted. Lines that differ in nothing else may share one: connection and client are of one of them. */
export interface CountedLine
  extends Pick<
    ErrorLine,
    | 'time'
    | 'level'
    | 'pid'
    | 'connection'
    | 'errno'
    | 'message'
    | 'kind'
    | 'action'
    | 'protocol'
    | 'client'
    | 'server'
    | 'truncated'
    | 'checked'
  > {
  readonly upstream: Pick<UpstreamField, 'scheme' | 'peer'> | null;
  /** null also where nobody asks for it. */
  readonly host: string | null;
}
