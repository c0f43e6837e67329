/** The bytes of one log on their way into the report. Error and access lines may stand mixed, and inside wrappings. */
import type { ReportTotals } from '../../../aggregate/report/totals.ts';
import { type LineSink, lineSplitter } from '../../../decode/lines.ts';
import { createUnwrapper } from '../../../decode/unwrap.ts';
import type { ParsedFormat } from '../../../parse/access/format/log-format.ts';
import { createAccessLines } from '../../../parse/access/lines.ts';
import { createReportAccess, type ReportAccessLines } from './access-lines.ts';
import { createErrorLines } from './error-lines.ts';
import { kindOfLog, type LogKind } from './kind.ts';

export interface ReportLog {
  /** The bytes are valid during the call only. */
  chunk(bytes: Buffer): void;
  /**
   * The file is over. If it is not complete its last line is torn, and not counted.
   *
   * @returns what was wrong with it, or null
   */
  end(isWhole: boolean): string | null;
}

type Sink = Pick<ReportLog, 'chunk'> & { end(isWhole: boolean): void };

/** By so many bytes it is decided what a file is. */
const headLength = 65_536;
const longestLine = 1_048_576;
const newline = Buffer.from('\n');

/** Decides by its first lines what the log is, then counts them and the rest. */
export function createReportLog(totals: ReportTotals, candidates: readonly (readonly ParsedFormat[])[]): ReportLog {
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
    sink = sinkOf(totals, kind, candidates);
    sink.chunk(bytes);
  }

  return {
    chunk(bytes) {
      if (head === null) {
        sink?.chunk(bytes);
        return;
      }
      const isEnough = head.length + bytes.length >= headLength;
      // What is kept must be its own: the bytes are valid during the call only.
      if (!isEnough || head.length > 0) head = Buffer.concat([head, bytes]);
      if (isEnough) decide(head.length > 0 ? head : bytes);
    },
    end(isWhole) {
      if (head !== null && head.length > 0) decide(head);
      else if (head !== null) reason = 'is empty: nothing was written to it';
      sink?.end(isWhole);
      return reason;
    },
  };
}

function sinkOf(
  totals: ReportTotals,
  kind: Exclude<LogKind, { is: 'unknown' }>,
  candidates: readonly (readonly ParsedFormat[])[],
): Sink {
  const unmatched = kind.is === 'error' ? totals.unmatchedError : totals.unmatchedAccess;
  const errors = createErrorLines(totals, unmatched);
  const access = createReportAccess(totals, kind.is === 'error' ? null : kind.matchers, candidates);
  const unwrapper = createUnwrapper();

  /** What most lines are is tried first. */
  function take(line: string): void {
    const inner = unwrapper.line(line);
    if (inner === null) return;
    const isTaken =
      kind.is === 'error'
        ? errors.take(inner) || access.take(inner)
        : access.take(inner) || (inner !== line && access.take(line)) || errors.take(inner);
    if (!isTaken) errors.takeOther(inner);
  }

  const end = () => {
    errors.end();
    access.end();
  };
  if (kind.is === 'access' && !kind.isWrapped) return bytewise(access, take, unmatched, end);
  const lines = lineSplitter({ maxLength: longestLine, onLine: take, onOverlong: unmatched });
  const isBytewise = kind.is === 'error' && !kind.isWrapped;
  return linewise(isBytewise ? errors.bytewise(lines, take, unwrapper.isPlain) : lines, lines, end);
}

/** Access lines are matched on their bytes, in place; only what is none becomes a string. */
function bytewise(
  access: ReportAccessLines,
  take: (text: string) => void,
  unmatched: () => void,
  end: () => void,
): Sink {
  const nothing = () => undefined;
  const lines = createAccessLines(
    (bytes, from) => {
      const newlineAt = access.match(bytes, from);
      if (newlineAt >= 0) return newlineAt;
      const stop = bytes.indexOf(10, from);
      take(bytes.toString('utf8', from, bytes[stop - 1] === 13 && stop > from ? stop - 1 : stop));
      return stop;
    },
    { matched: nothing, unmatched: nothing, overlong: unmatched },
  );
  return {
    chunk: lines.chunk,
    end(isWhole) {
      if (isWhole) lines.end();
      end();
    },
  };
}

/** @param last drops the line that has no end */
function linewise(lines: Pick<LineSink, 'chunk'>, last: Pick<LineSink, 'cut'>, end: () => void): Sink {
  let unfinished = false;
  return {
    chunk(bytes) {
      lines.chunk(bytes);
      unfinished = bytes.at(-1) !== newline[0];
    },
    end(isWhole) {
      if (isWhole && unfinished) lines.chunk(newline);
      last.cut();
      end();
    },
  };
}
