import type { AccessRecord } from '../model.ts';
import type { Names } from './names.ts';

/** More tries of one request than this are not believed: the line is unmatched. */
export const maxAttempts = 1024;

/** The record as its matcher sees it. */
export interface MatchedRecord extends AccessRecord {
  readonly names: Names;
}

export function newAccessRecord(names: Names): MatchedRecord {
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
