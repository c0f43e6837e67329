import type { AccessRecord } from '../../model.ts';
import type { Names } from '../names.ts';

/** More tries of one request than this are not believed: the line is unmatched. */
export const maxAttempts = 1024;

/** The record as its matcher sees it. */
export interface MatchedRecord extends AccessRecord {
  readonly names: Names;
  /** All lists: see `listIndex`. */
  readonly lists: Int32Array;
}

/** The lists of a record, in one piece of memory: list `l` begins at `l * maxAttempts`. */
export const listIndex = { peers: 0, statuses: 1, connectMs: 2, headerMs: 3, responseMs: 4, unwanted: 5 } as const;

export function newAccessRecord(names: Names): MatchedRecord {
  const lists = new Int32Array(6 * maxAttempts).fill(-1);
  const list = (index: number) => lists.subarray(index * maxAttempts, (index + 1) * maxAttempts);
  return {
    status: -1,
    requestTimeMs: -1,
    upstream: -1,
    methodStart: 0,
    methodEnd: 0,
    timeStart: -1,
    attempts: 0,
    peers: list(listIndex.peers),
    statuses: list(listIndex.statuses),
    connectMs: list(listIndex.connectMs),
    headerMs: list(listIndex.headerMs),
    responseMs: list(listIndex.responseMs),
    lastPass: 0,
    redirectedFrom: 0,
    names,
    lists,
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
