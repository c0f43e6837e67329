import { createReportTotals } from '../../aggregate/report/totals.ts';
import type { ReportPeriod } from '../../aggregate/report/window.ts';
import { printable } from '../../base/printable.ts';
import { shellWord } from '../../base/syntax/shell-word.ts';
import { createJsonDocument } from '../../decode/json-document.ts';
import type { Command, Streams } from '../command.ts';
import { createOutput } from '../input.ts';
import { readOptions } from '../options.ts';
import { terminalOf } from '../terminal.ts';
import { readInput, sizeOf } from './input/files.ts';
import { configuredFormats, knownFormats, type ReportFormats, toldFormat } from './input/formats.ts';
import { findLogs } from './input/found.ts';
import { createReportLog } from './input/logs.ts';
import { createProgress } from './input/progress.ts';
import { reportJson } from './output/json.ts';
import { renderReport } from './output/text.ts';
import { readPeriod, wallSecondNow } from './period.ts';

interface Options {
  readonly json: boolean;
  readonly format: string | null;
  readonly conf: string | null;
  readonly period: ReportPeriod;
  readonly files: readonly string[];
}

function readReportOptions(args: readonly string[]): Options {
  const values = { format: 'FORMAT', conf: 'FILE', since: 'TIME', until: 'TIME' };
  const read = readOptions(args, { flags: ['json'], values, takesFiles: true });
  const { format = null, conf = null, since, until } = read.values;
  const period = readPeriod(since, until, wallSecondNow(new Date()));
  return { json: read.flags.has('json'), format, conf, period, files: read.files };
}

function formatsOf({ format, conf }: Options): ReportFormats {
  if (conf !== null) return configuredFormats(conf, format);
  return format === null ? knownFormats() : toldFormat(format);
}

/** Nobody types a log: without a FILE a terminal on stdin means the logs that are found here, and stderr names them. */
function withFiles(options: Options, { stdin, stderr }: Streams): Options {
  if (options.files.length > 0) return options;
  if (!('isTTY' in stdin) || stdin.isTTY !== true) return { ...options, files: ['-'] };
  const { conf, files } = findLogs();
  stderr.write(`reading ${files.map((file) => printable(file)).join(' ')}\n`);
  return { ...options, files, conf: options.conf ?? (options.format === null ? conf : null) };
}

/** Reads every file; gives what they said, and how many could not be read completely or were no log. */
async function readAll({ files, period }: Options, formats: ReportFormats, { stdin, stderr }: Streams) {
  const totals = createReportTotals(formats.upstreamOf, period);
  const progress = createProgress(stderr, sizeOf(files));
  const counted = { failed: 0, read: 0 };
  for (const file of files) {
    const log = createReportLog(totals, formats.candidates(file));
    const document = createJsonDocument(log.chunk);
    let bytes = 0;
    const ending = await readInput(
      file,
      stdin,
      (chunk) => {
        bytes += chunk.length;
        document.chunk(chunk);
      },
      (length) => progress.add(file, length),
    );
    const isWhole = ending.is === 'complete';
    document.end();
    const problem = log.end(isWhole);
    const isEmpty = isWhole && bytes === 0;
    const isCounted = bytes > 0 && problem === null;
    progress.clear();
    const why = ending.is === 'failed' ? ending.reason : problem;
    const reason = why?.replaceAll(/\bFILE\b/g, () => (file === '-' ? 'FILE' : shellWord(file))) ?? null;
    if (reason !== null) stderr.write(`${printable(file)}: ${printable(reason)}\n`);
    if (isCounted || isEmpty) counted.read++;
    if (!isWhole || (problem !== null && !isEmpty)) counted.failed++;
  }
  return { report: totals.result(), ...counted };
}

/** What past logs say: the morning after. */
export const report: Command = {
  words: ['report'],
  synopsis: '[--json] [--since TIME] [--until TIME] [--format FORMAT | --conf CONF [--format NAME]] [FILE…]',
  summary: 'summarise past error and access logs: incidents, failures, times',
  help: [
    ['--json', 'print one JSON object'],
    [
      '--since TIME',
      'only lines from this time on, in the time zone of the log: 2h (ago), 1h30m, yesterday, 07:30, 2026-11-22, "2026-11-22 07:30"',
    ],
    ['--until TIME', 'only lines up to this time; the day or minute given is included'],
    ['--format FORMAT', 'format of the access log: the text of a log_format, the complete directive, or combined'],
    ['--conf CONF', 'take formats from this nginx.conf, by the path of each log; dump:FILE reads nginx -T'],
    ['--format NAME', 'with --conf: the log_format of this name'],
    '',
    'Error logs and access logs may be given together and in any order, plain or packed (.gz, .zst).',
    'Without FILE: on a terminal the logs of the nginx found here, otherwise stdin. FILE may be - for stdin.',
    '',
    '  nginx-upstream report /var/log/nginx/*.log*',
    '  journalctl -u nginx -o json | nginx-upstream report -',
    '',
    'Exit code: 0 done, 1 an input could not be read, 2 wrong usage or nothing readable.',
  ],

  async run(args, streams) {
    const options = withFiles(readReportOptions(args), streams);
    const found = await readAll(options, formatsOf(options), streams);
    // 0 all read, 1 some not, 2 none.
    if (found.read === 0) return 2;
    const output = createOutput(streams.stdout);
    if (options.json) output.line(JSON.stringify(reportJson(found.report)));
    else for (const line of renderReport(found.report, terminalOf(streams.stdout, process.env))) output.line(line);
    await output.end();
    return found.failed === 0 ? 0 : 1;
  },
};
