import { lineSplitter } from '../../decode/lines.ts';
import { type ErrorLineReader, errorLineReader } from '../../parse/error/reader.ts';
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
  /** Nothing more will be read. */
  end(): void;
}

/** nginx cuts its lines at 2,048 bytes; a FastCGI message may bring longer ones through. */
const longestErrorLine = 65_536;

/** What happens to the bytes of one error log. Each generation of its file has a sink, and so a reader, of its own. */
export function createErrorLogReader(judge: Pick<LineJudge, 'openRun'>, totals: LineTotals): ErrorLogReader {
  const readers = new Set<ErrorLineReader>();
  return {
    openSink() {
      const run = judge.openRun();
      const reader = errorLineReader({
        line: run.line,
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
      readers.add(reader);
      const lines = lineSplitter({
        maxLength: longestErrorLine,
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
      return {
        chunk: lines.chunk,
        cut() {
          lines.cut();
          reader.end();
          readers.delete(reader);
        },
      };
    },

    pause(mayWait) {
      for (const reader of readers) reader.pause(mayWait);
    },

    end() {
      for (const reader of readers) reader.end();
    },
  };
}
