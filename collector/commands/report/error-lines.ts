/** Error lines on their way into the report. */
import type { ReportTotals } from '../../aggregate/report/totals.ts';
import type { ErrorLine } from '../../model.ts';
import { parseErrorLine } from '../../parse/error/line.ts';
import { withoutWrapping } from '../../parse/error/prefix.ts';
import { errorLineReader } from '../../parse/error/reader.ts';
import { wallSecondOf } from '../../parse/wall-clock.ts';

export interface ErrorLines {
  /** Counts the line where it is nginx's; says whether it is. */
  take(text: string): boolean;
  /** Counts a line that is none: a continuation, or `foreign`. */
  takeOther(text: string): void;
  end(): void;
}

export function createErrorLines(totals: ReportTotals, foreign: () => void): ErrorLines {
  /** nginx writes whole seconds, and many lines in each. */
  let time: string | null = null;
  let second = -1;
  let current: ErrorLine | null = null;
  const reader = errorLineReader(
    {
      line(_, line) {
        if (line.time !== time) {
          time = line.time;
          second = time === null ? -1 : wallSecondOf(time);
        }
        totals.errorLine(line, second);
      },
      forged: totals.unmatchedError,
      continuation: totals.unmatchedError,
      foreign,
    },
    () => current,
  );
  return {
    take(text) {
      current = parseErrorLine(text);
      if (current !== null) reader.read(withoutWrapping(text));
      return current !== null;
    },
    takeOther(text) {
      current = null;
      reader.read(withoutWrapping(text));
    },
    end: reader.end,
  };
}
