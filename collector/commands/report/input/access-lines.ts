/** Access lines on their way into the report. */
import type { ReportAccessLog } from '../../../aggregate/report/access.ts';
import type { ReportTotals } from '../../../aggregate/report/totals.ts';
import type { ParsedFormat } from '../../../parse/access/format/log-format.ts';
import type { AccessMatcher } from '../../../parse/access/match/matcher.ts';
import { createWallSecondAtReader } from '../../../parse/wall-clock.ts';
import { matchTolerantly, reportMatcher } from './kind.ts';

export interface ReportAccessLines {
  /** Counts the line that begins at `from`; gives the position of its newline, or -1 when it is of no format. */
  match(bytes: Buffer, from: number): number;
  /** As `match`, of a line that came out of a wrapping. */
  take(text: string): boolean;
  end(): void;
}

interface Reader {
  readonly matcher: AccessMatcher;
  readonly log: ReportAccessLog;
}

/** So many lines that match no format are tried in all of them: then the file is taken to hold no access lines. */
const mostTries = 1000;

/**
 * @param known the formats of this log; null: the first set of `candidates` that matches a line
 */
export function createReportAccess(
  totals: ReportTotals,
  known: readonly AccessMatcher[] | null,
  candidates: readonly (readonly ParsedFormat[])[],
): ReportAccessLines {
  let readers = known === null ? null : readersOf(known);
  const secondAt = createWallSecondAtReader();
  let tries = 0;
  let sets: readonly (readonly AccessMatcher[])[] | null = null;

  function readersOf(matchers: readonly AccessMatcher[]): readonly Reader[] {
    return matchers.map((matcher) => ({ matcher, log: totals.addAccessLog(matcher.record, matcher.program.has) }));
  }

  function choose(bytes: Buffer, from: number): readonly Reader[] | null {
    if (tries++ > mostTries) return null;
    sets ??= candidates.map((formats) => formats.map(reportMatcher));
    const found = sets.find((set) => set.some((each) => matchTolerantly(each, bytes, from) >= 0));
    return found === undefined ? null : readersOf(found);
  }

  function match(bytes: Buffer, from: number): number {
    readers ??= choose(bytes, from);
    for (const { matcher, log } of readers ?? []) {
      const end = matchTolerantly(matcher, bytes, from);
      if (end < 0) continue;
      const { timeStart } = matcher.record;
      const second = timeStart < 0 ? -1 : secondAt(bytes, timeStart);
      if (totals.accessLine(second)) log.line(second);
      return end;
    }
    return -1;
  }

  return {
    match,
    take: (text) => match(Buffer.from(`${text}\n`), 0) >= 0,
    end() {
      for (const { log } of readers ?? []) log.end();
    },
  };
}
