import type { Names } from './names.ts';

/** More tries of one request than this are not believed: the line is unmatched. */
export const maxAttempts = 1024;

/**
 * What one line of the access log says. There is one record per matcher and each line overwrites it: the hot path
 * makes no objects. Times are whole milliseconds as nginx writes them; -1 stands for `-`, for an empty value, and for
 * a variable that the format does not have.
 */
export interface AccessRecord {
  status: number;
  requestTimeMs: number;
  /** `$proxy_host`, as an id in `names`. */
  upstream: number;
  /** Where `$request_method` stands in the bytes that were matched. */
  methodStart: number;
  methodEnd: number;
  /** How many of the elements below are of this line. */
  attempts: number;
  /** `$upstream_addr`, as ids in `names`. */
  readonly peers: Int32Array;
  readonly statuses: Int32Array;
  readonly connectMs: Int32Array;
  readonly headerMs: Int32Array;
  readonly responseMs: Int32Array;
  /** The first attempt of the last pass: attempts before it were given up by an internal redirect (` : `). */
  lastPass: number;
  /** The first attempt that came after an internal redirect; equal to `attempts` when none did. */
  redirectedFrom: number;
  readonly names: Names;
}

export function newAccessRecord(names: Names): AccessRecord {
  const list = () => new Int32Array(maxAttempts).fill(-1);
  return {
    status: -1,
    requestTimeMs: -1,
    upstream: -1,
    methodStart: 0,
    methodEnd: 0,
    attempts: 0,
    peers: list(),
    statuses: list(),
    connectMs: list(),
    headerMs: list(),
    responseMs: list(),
    lastPass: 0,
    redirectedFrom: 0,
    names,
  };
}

/**
 * Ends a line of `count` list elements, `redirectedFrom` being 0 when none came after an internal redirect. One element
 * of which nothing is set means that no upstream was asked (`-`, or empty with escape=json and none).
 */
export function closeRecord(record: AccessRecord, count: number): void {
  record.attempts = count === 1 && isUnset(record) ? 0 : count;
  if (record.redirectedFrom === 0) record.redirectedFrom = record.attempts;
}

function isUnset({ peers, statuses, connectMs, headerMs, responseMs }: AccessRecord): boolean {
  return peers[0] === -1 && statuses[0] === -1 && connectMs[0] === -1 && headerMs[0] === -1 && responseMs[0] === -1;
}
