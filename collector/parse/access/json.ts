import type { AccessMatcher } from './match/matcher.ts';
import { matchBehindPrefix } from './prefixes.ts';

export interface AccessAttempt {
  /** As nginx writes it; a group's name when no peer was live. */
  readonly peer: string | null;
  readonly status: number | null;
  readonly connectMs: number | null;
  readonly headerMs: number | null;
  readonly responseMs: number | null;
  /** It came after an internal redirect (error_page, X-Accel-Redirect). */
  readonly redirected: boolean;
}

/** One line of the access log, key by key as `parse access` prints it; null for `-` and what the format does not have. */
export interface AccessLine {
  readonly status: number | null;
  readonly requestTimeMs: number | null;
  readonly method: string | null;
  readonly upstream: string | null;
  readonly attempts: readonly AccessAttempt[];
}

export interface UnmatchedLine {
  readonly unmatched: true;
  readonly line: string;
}

/**
 * Reads one line as a value: for the command line, where a line is a person's business; the plugin itself counts from
 * the record.
 *
 * @param bytes the line with its newline
 */
export function readAccessLine({ match, record, program }: AccessMatcher, bytes: Buffer): AccessLine | UnmatchedLine {
  const text = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString();
  if (match(bytes, 0) === -1 && matchBehindPrefix(match, bytes, 0) === -1) {
    return { unmatched: true, line: text(0, bytes.length - 1).replace(/\r$/, '') };
  }
  const name = (id: number) => (id === -1 ? null : record.names.text(id));
  const method = program.has.method ? text(record.methodStart, record.methodEnd) : '-';
  return {
    status: known(record.status),
    requestTimeMs: known(record.requestTimeMs),
    method: method === '-' || method === '' ? null : method,
    upstream: name(record.upstream),
    attempts: Array.from({ length: record.attempts }, (_, i) => ({
      peer: name(record.peers[i] as number),
      status: known(record.statuses[i]),
      connectMs: known(record.connectMs[i]),
      headerMs: known(record.headerMs[i]),
      responseMs: known(record.responseMs[i]),
      redirected: i >= record.redirectedFrom,
    })),
  };
}

const known = (value: number | undefined): number | null => (value === undefined || value < 0 ? null : value);

/** As `parse access` prints it: one line of JSON. */
export const formatAccessLine = (line: AccessLine | UnmatchedLine): string => JSON.stringify(line);

export const formatUnmatchedAccess = (line: string): string => JSON.stringify({ unmatched: true, line });
