/** What a line of an access log says, and how requests and attempts are sorted. */

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

/** Who made the 5xx that a client got: nginx, because no peer answered, or the application. `unclear`: the log_format cannot show it. */
export const errorMakers = ['nginx', 'application', 'unclear'] as const;
export type ErrorMaker = (typeof errorMakers)[number];

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

/**
 * What one line of an access log says. There is one record per log and each line overwrites it: the hot path makes no
 * objects. Times are full milliseconds as nginx writes them; -1 stands for `-`, for an empty value, and for a variable
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
