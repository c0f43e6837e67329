/** The bytes of one log on their way into the report. */
import type { ReportAccessLog } from '../../aggregate/report/access.ts';
import type { ReportTotals } from '../../aggregate/report/totals.ts';
import { lineSplitter } from '../../decode/lines.ts';
import { createAccessLines } from '../../parse/access/lines.ts';
import type { LogFormat } from '../../parse/access/log-format.ts';
import type { AccessMatcher } from '../../parse/access/matcher.ts';
import { parseErrorLine } from '../../parse/error/line.ts';
import { withoutWrapping } from '../../parse/error/prefix.ts';
import { errorLineReader } from '../../parse/error/reader.ts';
import { wallSecondAt, wallSecondOf } from '../../parse/wall-clock.ts';
import { kindOfLog, matchTolerantly } from './kind.ts';

export interface ReportLog {
  /** The bytes are valid during the call only. */
  chunk(bytes: Buffer): void;
  /**
   * The file is over. Of one that is not whole the last line is torn, and not counted.
   *
   * @returns what was wrong with it, or null
   */
  end(isWhole: boolean): string | null;
}

type Sink = Pick<ReportLog, 'chunk'> & { end(isWhole: boolean): void };

/** By so many bytes it is decided what a file is. */
const headLength = 65_536;
const longestErrorLine = 1_048_576;
const newline = Buffer.from('\n');

/** Decides by its first lines what the log is, then counts them and the rest. */
export function createReportLog(totals: ReportTotals, candidates: readonly (readonly LogFormat[])[]): ReportLog {
  let head: Buffer | null = Buffer.alloc(0);
  let sink: Sink | null = null;
  let reason: string | null = null;

  function decide(bytes: Buffer): void {
    head = null;
    const kind = kindOfLog(bytes, candidates);
    if (kind.is === 'unknown') {
      reason = kind.reason;
      return;
    }
    sink = kind.is === 'error' ? errorSink(totals) : accessSink(totals, kind.matchers);
    sink.chunk(bytes);
  }

  return {
    chunk(bytes) {
      if (head === null) {
        sink?.chunk(bytes);
        return;
      }
      head = Buffer.concat([head, bytes]);
      if (head.length >= headLength) decide(head);
    },
    end(isWhole) {
      if (head !== null && head.length > 0) decide(head);
      else if (head !== null) reason = 'is empty: nothing was written to it';
      sink?.end(isWhole);
      return reason;
    },
  };
}

function errorSink(totals: ReportTotals): Sink {
  /** nginx writes whole seconds, and many lines in each. */
  let time: string | null = null;
  let second = -1;
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
      foreign: totals.unmatchedError,
    },
    parseErrorLine,
  );
  const lines = lineSplitter({
    maxLength: longestErrorLine,
    onLine: (text) => reader.read(withoutWrapping(text)),
    onOverlong: totals.unmatchedError,
  });
  let unfinished = false;
  return {
    chunk(bytes) {
      lines.chunk(bytes);
      unfinished = bytes.at(-1) !== newline[0];
    },
    end(isWhole) {
      if (isWhole && unfinished) lines.chunk(newline);
      lines.cut();
      reader.end();
    },
  };
}

function accessSink(totals: ReportTotals, matchers: readonly AccessMatcher[]): Sink {
  const readers = matchers.map((matcher) => {
    const { record, program } = matcher;
    return { matcher, record, log: totals.addAccessLog(record, program.has) };
  });
  let matched: { readonly log: ReportAccessLog; readonly record: AccessMatcher['record'] } | null = null;
  let matchedIn: Buffer = newline;
  const lines = createAccessLines(
    (bytes, from) => {
      for (const reader of readers) {
        const end = matchTolerantly(reader.matcher, bytes, from);
        if (end < 0) continue;
        matched = reader;
        matchedIn = bytes;
        return end;
      }
      return -1;
    },
    {
      matched() {
        totals.accessLine();
        if (matched === null) return;
        const { log, record } = matched;
        log.line(record.timeStart < 0 ? -1 : wallSecondAt(matchedIn, record.timeStart));
      },
      unmatched: totals.unmatchedAccess,
      overlong: totals.unmatchedAccess,
    },
  );
  return {
    chunk: lines.chunk,
    end(isWhole) {
      if (isWhole) lines.end();
      for (const { log } of readers) log.end();
    },
  };
}
