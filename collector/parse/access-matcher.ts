import { createExactMatcher } from './access-exact.ts';
import { createFastMatcher, type LineMatcher } from './access-fast.ts';
import { type AccessProgram, compileAccess } from './access-program.ts';
import { type MatchedRecord, newAccessRecord } from './access-record.ts';
import { rehearse } from './access-rehearsal.ts';
import type { LogFormat } from './log-format.ts';
import { createNames } from './names.ts';

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

export function createAccessMatcher(format: LogFormat): AccessMatcher {
  const program = compileAccess(format);
  const names = createNames();
  const record = newAccessRecord(names);
  const fast = createFastMatcher(program, record);
  const exact = createExactMatcher(program, record);
  const match: LineMatcher = (b, p) => {
    names.makeRoom();
    const end = program.deterministic ? fast(b, p) : -1;
    return end >= 0 ? end : exact(b, p);
  };
  if (program.deterministic) rehearse(match, program);
  return { program, record, match };
}
