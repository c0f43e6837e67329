import { createNames } from '../../names.ts';
import type { ParsedFormat } from '../format/log-format.ts';
import { type AccessProgram, compileAccess } from '../format/program.ts';
import { type MatchedRecord, newAccessRecord } from '../record.ts';
import { createExactMatcher } from './exact.ts';
import { createFastMatcher, type LineMatcher } from './fast.ts';
import { rehearse } from './rehearsal.ts';
import { createUniqueMatcher } from './unique.ts';

export interface AccessMatcher {
  readonly program: AccessProgram;
  /** Overwritten by each line that matches; holds nothing to rely on after one that does not. */
  readonly record: MatchedRecord;
  /**
   * Matches the line that begins at `p` and ends with the next newline, which must be there. Gives the newline's
   * position, or -1 when the line is not of this format. Total: never throws.
   */
  readonly match: LineMatcher;
}

/** After so many lines in a row that matched in no way, an impatient matcher tries every way only on one in so many. */
const patience = 100;

/**
 * @param impatient for a log that is read as it is written: where most lines are of another format, those that one pass
 *   cannot decide are no longer all tried in every way, so that a wrong format costs no more than a right one
 */
export function createAccessMatcher(format: ParsedFormat, impatient = false): AccessMatcher {
  const program = compileAccess(format);
  const names = createNames();
  const record = newAccessRecord(names);
  const fast = createFastMatcher(program, record);
  const exact = (program.ambiguous ? createUniqueMatcher : createExactMatcher)(program, record);
  const isFast = program.deterministic && !program.ambiguous;
  let failures = 0;

  /** A line of another format may fit, and have a client's text where this one has names. */
  function hasNames(): boolean {
    if (record.upstream >= 0 && program.has.proxyHost && !names.isHost(record.upstream)) return false;
    if (!program.has.peers) return true;
    for (let n = 0; n < record.attempts; n++) {
      const peer = record.peers[n] as number;
      if (peer >= 0 && !names.isPeer(peer)) return false;
    }
    return true;
  }

  const match: LineMatcher = (b, p) => {
    names.makeRoom();
    const end = isFast ? fast(b, p) : -1;
    if (end >= 0) return hasNames() ? end : -1;
    if (impatient && failures > patience && failures++ % patience !== 0) return -1;
    const found = exact(b, p);
    failures = found >= 0 ? 0 : failures + 1;
    return found >= 0 && hasNames() ? found : -1;
  };
  if (isFast) rehearse(match, program, impatient ? 150 : 20);
  failures = 0;
  return { program, record, match };
}
