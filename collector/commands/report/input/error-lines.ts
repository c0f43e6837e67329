/** Error lines on their way into the report. */
import type { ReportTotals } from '../../../aggregate/report/totals.ts';
import type { LineSink } from '../../../decode/lines.ts';
import type { CountedLine, ErrorLine } from '../../../model.ts';
import { withoutWrapping } from '../../../parse/error/fields/prefix.ts';
import { parseErrorLine } from '../../../parse/error/line.ts';
import { errorLineReader } from '../../../parse/error/reader.ts';
import { createLineBatch } from '../../../parse/storm/batch.ts';
import { createStormLog, type StormLog } from '../../../parse/storm/lines.ts';
import { createWallSecondReader } from '../../../parse/wall-clock.ts';

export interface ErrorLines {
  /** Counts the line where it is nginx's; says whether it is. */
  take(text: string): boolean;
  /** Counts a line that is none: a continuation, or `foreign`. */
  takeOther(text: string): void;
  /**
   * Takes the bytes of a log in which nearly all are error lines.
   *
   * @param others is given the lines that are none of a storm
   * @param again takes any line
   * @param isPlain what comes next is a line, and no part of something else
   */
  bytewise(others: LineSink, again: (text: string) => void, isPlain: () => boolean): Pick<StormLog, 'chunk'>;
  end(): void;
}

export function createErrorLines(totals: ReportTotals, foreign: () => void): ErrorLines {
  const secondOf = createWallSecondReader();
  let current: ErrorLine | null = null;
  const count = (line: CountedLine, times: number) => totals.errorLine(line, secondOf(line.time), times);
  /** A blank line, as copying leaves them, is none that was not understood. */
  const unlessBlank = (unmatched: () => void) => (text: string) => {
    if (text.trim() !== '') unmatched();
  };
  const reader = errorLineReader(
    {
      line: (_, line) => count(line, 1),
      forged: totals.unmatchedError,
      continuation: unlessBlank(totals.unmatchedError),
      foreign: unlessBlank(foreign),
    },
    () => current,
  );
  const batch = createLineBatch(count);
  let fast: StormLog | null = null;

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
    bytewise(others, again, isPlain) {
      const isCalm = () => isPlain() && reader.isCalm();
      const read = () => undefined;
      fast = createStormLog({ ...reader, isCalm }, others, {
        read,
        line: (_, line) => batch.add(line),
        again,
        hosts: true,
      });
      return fast;
    },
    end() {
      if (fast === null) reader.end();
      else fast.end();
      batch.flush();
    },
  };
}
