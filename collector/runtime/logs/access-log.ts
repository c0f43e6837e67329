import type { AccessLogCounter, AccessLogOptions } from '../../aggregate/access/access.ts';
import type { JobAggregate } from '../../aggregate/job.ts';
import { type FormatResult, readArguments, readLogFormat } from '../../parse/access/format/log-format.ts';
import { createAccessLines } from '../../parse/access/lines.ts';
import type { LineMatcher } from '../../parse/access/match/fast.ts';
import { createAccessMatcher } from '../../parse/access/match/matcher.ts';
import { wallSecondAt } from '../../parse/wall-clock.ts';
import type { OpenSink } from '../../source/source.ts';
import type { AccessLogPlan, FormatPlan } from '../plan/log-plan.ts';

/** Running totals of lines, as `log_lines` draws them. */
interface LineTotals {
  read: number;
  unmatched: number;
  overlong: number;
}

export interface AccessLogReader {
  readonly openSink: OpenSink;
  /** Reads by these formats from now on, the first that matches a line; says what is wrong with those that are of no use. */
  use(plan: Pick<AccessLogPlan, 'formats' | 'protocol' | 'legacyConnectTime'>): string | null;
  close(): void;
}

/** One format at work. */
interface Reader {
  readonly match: LineMatcher;
  readonly counter: AccessLogCounter;
  readonly options: AccessLogOptions;
}

/**
 * What happens to the bytes of one access log: matched in place, counted. A file that is rotated has two sinks for a
 * while, and one reader.
 */
export function createAccessLogReader(
  aggregate: Pick<JobAggregate, 'addAccessLog' | 'removeAccessLog'>,
  totals: LineTotals,
): AccessLogReader {
  const readers = new Map<string, Reader>();
  let inUse: readonly Reader[] = [];
  let matched: Reader | null = null;
  let matchedIn: Buffer = Buffer.alloc(0);

  const match: LineMatcher = (bytes, from) => {
    for (const reader of inUse) {
      const end = reader.match(bytes, from);
      if (end >= 0) {
        matched = reader;
        matchedIn = bytes;
        return end;
      }
    }
    return -1;
  };

  const handlers = {
    matched() {
      totals.read++;
      matched?.counter.line();
    },
    unmatched() {
      totals.read++;
      totals.unmatched++;
    },
    overlong() {
      totals.read++;
      totals.overlong++;
    },
  };

  function retire(keep: ReadonlySet<Reader>): void {
    for (const [key, reader] of readers) {
      if (keep.has(reader)) continue;
      aggregate.removeAccessLog(reader.options);
      readers.delete(key);
    }
  }

  return {
    openSink: () => createAccessLines(match, handlers),

    use({ formats, protocol, legacyConnectTime }) {
      const problems: string[] = [];
      inUse = formats.flatMap((plan) => {
        const key = JSON.stringify([plan.escape, plan.text, protocol, legacyConnectTime]);
        const known = readers.get(key);
        if (known !== undefined) return [known];
        const result = readFormat(plan);
        if ('problem' in result) {
          problems.push(result.problem);
          return [];
        }
        const { match: matchLine, record, program } = createAccessMatcher(result.format, true);
        const wallSecond = () => (record.timeStart < 0 ? -1 : wallSecondAt(matchedIn, record.timeStart));
        const options = { record, fields: program.has, legacyConnectTime, protocol, wallSecond };
        const reader = { match: matchLine, counter: aggregate.addAccessLog(options), options };
        readers.set(key, reader);
        return [reader];
      });
      retire(new Set(inUse));
      return problems.length === 0 ? null : problems.join('; ');
    },

    close: () => retire(new Set()),
  };
}

function readFormat({ name, text, escape: mode }: FormatPlan): FormatResult {
  if (mode !== null) return readArguments(name, [`escape=${mode}`, text]);
  if (text !== 'combined' && !text.includes('$')) {
    return { problem: `the format is '${text}', and no log_format with this name is known: write its text` };
  }
  return readLogFormat(text);
}
