import type { JobAggregate } from './aggregate/job.ts';
import type { AccessLogSettings } from './config/settings.ts';
import { createAccessLines } from './parse/access-lines.ts';
import { createAccessMatcher } from './parse/access-matcher.ts';
import { readLogFormat } from './parse/log-format.ts';
import type { OpenSink } from './source/source.ts';

/** Running totals of lines, as `log_lines` draws them. */
interface LineTotals {
  read: number;
  unmatched: number;
  overlong: number;
}

export type AccessLog = { readonly openSink: OpenSink } | { readonly problem: string };

/**
 * What happens to the bytes of one access log: matched in place, counted. A file that is rotated has two sinks for a
 * while, and one matcher.
 */
export function openAccessLog(
  { path, format }: AccessLogSettings,
  aggregate: Pick<JobAggregate, 'addAccessLog'>,
  totals: LineTotals,
): AccessLog {
  if (format !== null && format !== 'combined' && !format.includes('$')) {
    return { problem: `the format of ${path} is '${format}', and no log_format of this name is known: write its text` };
  }
  const result = readLogFormat(format ?? 'combined');
  if ('problem' in result) return { problem: `the format of ${path} cannot be used: ${result.problem}` };
  const { match, record, program } = createAccessMatcher(result.format);
  const counter = aggregate.addAccessLog({ record, fields: program.has, legacyConnectTime: false });
  const handlers = {
    matched() {
      totals.read++;
      counter.line();
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
  return { openSink: () => createAccessLines(match, handlers) };
}
