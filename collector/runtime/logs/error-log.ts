import { lineSplitter } from '../../decode/lines.ts';
import type { CountedLine } from '../../model.ts';
import { errorLineReader } from '../../parse/error/reader.ts';
import { createLineBatch } from '../../parse/storm/batch.ts';
import { createStormLog, type StormLog } from '../../parse/storm/lines.ts';
import type { OpenSink } from '../../source/source.ts';
import type { LineJudge } from './forged-lines.ts';

/** Running totals of lines, as `log_lines` draws them. */
interface LineTotals {
  read: number;
  foreign: number;
  forged: number;
  overlong: number;
}

export interface ErrorLogReader {
  readonly openSink: OpenSink;
  /** After a poll: as ErrorLineReader.pause. */
  pause(mayWait: boolean): void;
  /** Counts what was read: to be called once a tick. */
  flush(): void;
  /** Nothing more will be read. */
  end(): void;
}

/** nginx cuts its lines at 2,048 bytes; a FastCGI message may bring longer ones through. */
const longestErrorLine = 65_536;

/**
 * What happens to the bytes of one error log. Each generation of its file has its own sink, and so its own reader.
 *
 * @param onLines takes a line that came so many times since the last `flush`, in any order
 */
export function createErrorLogReader(
  judge: Pick<LineJudge, 'openRun'>,
  totals: LineTotals,
  onLines: (line: CountedLine, times: number) => void,
): ErrorLogReader {
  const readers = new Set<StormLog>();
  const batch = createLineBatch(onLines);
  return {
    openSink() {
      const run = judge.openRun();
      const reader = errorLineReader({
        line: (text, line) => run.line(text.length, line),
        forged(text) {
          totals.forged++;
          run.other(text);
        },
        continuation: run.other,
        foreign(text) {
          totals.foreign++;
          run.other(text);
        },
      });
      const others = lineSplitter({
        maxLength: longestErrorLine,
        keepsReturn: true,
        onLine(text) {
          totals.read++;
          reader.read(text);
        },
        onOverlong() {
          totals.read++;
          totals.overlong++;
          reader.reset();
          run.reset();
        },
      });
      const lines = createStormLog(reader, others, {
        read() {
          totals.read++;
        },
        line(length, line) {
          if (run.isBelieved(length, line)) batch.add(line);
        },
        again: reader.read,
      });
      readers.add(lines);
      return {
        chunk: lines.chunk,
        cut() {
          lines.cut();
          lines.end();
          readers.delete(lines);
        },
      };
    },

    pause(mayWait) {
      for (const reader of readers) reader.pause(mayWait);
    },

    flush: batch.flush,

    end() {
      for (const reader of readers) reader.end();
      batch.flush();
    },
  };
}
