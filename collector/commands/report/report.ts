import { createReportTotals } from '../../aggregate/report/totals.ts';
import { printable } from '../../base/printable.ts';
import { type Command, type Streams, UsageError } from '../command.ts';
import { createOutput } from '../input.ts';
import { terminalOf } from '../terminal.ts';
import { configuredFormats, knownFormats, type ReportFormats, toldFormat } from './formats.ts';
import { readInput, sizeOf } from './input.ts';
import { reportJson } from './json.ts';
import { createReportLog } from './logs.ts';
import { createProgress } from './progress.ts';
import { renderReport } from './text.ts';

interface Options {
  readonly json: boolean;
  readonly format: string | null;
  readonly conf: string | null;
  readonly files: readonly string[];
}

function readOptions(args: readonly string[]): Options {
  const found: { json: boolean; format: string | null; conf: string | null } = {
    json: false,
    format: null,
    conf: null,
  };
  const files: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    const option = /^--(format|conf)(?:=(.*))?$/s.exec(arg);
    if (option) {
      const value = option[2] ?? args[++at] ?? '';
      if (value === '') throw new UsageError(`--${option[1]} needs a value`);
      found[option[1] as 'format' | 'conf'] = value;
    } else if (arg === '--json') found.json = true;
    else if (arg.startsWith('-') && arg !== '-') throw new UsageError(`unknown option ${arg}`);
    else files.push(arg);
  }
  if (found.format !== null && found.conf !== null) {
    throw new UsageError('--format and --conf both say how lines look: give one of them');
  }
  return { ...found, files: files.length > 0 ? files : ['-'] };
}

function formatsOf({ format, conf }: Options): ReportFormats {
  if (format !== null) return toldFormat(format);
  return conf === null ? knownFormats() : configuredFormats(conf);
}

/** Reads every file; gives what they said, and how many could not be read as a whole or were no log. */
async function readAll(files: readonly string[], formats: ReportFormats, { stdin, stderr }: Streams) {
  const totals = createReportTotals(formats.upstreamOf);
  const progress = createProgress(stderr, sizeOf(files));
  const counted = { failed: 0, read: 0 };
  for (const file of files) {
    const log = createReportLog(totals, formats.candidates(file));
    let bytes = 0;
    const ending = await readInput(
      file,
      stdin,
      (chunk) => {
        bytes += chunk.length;
        log.chunk(chunk);
      },
      (length) => progress.add(file, length),
    );
    const isWhole = ending.is === 'whole';
    const problem = log.end(isWhole);
    const isEmpty = isWhole && bytes === 0;
    const isCounted = bytes > 0 && problem === null;
    progress.clear();
    const reason = ending.is === 'failed' ? ending.reason : problem;
    if (reason !== null) stderr.write(`${printable(file)}: ${printable(reason)}\n`);
    if (isCounted || isEmpty) counted.read++;
    if (!isWhole || (problem !== null && !isEmpty)) counted.failed++;
  }
  return { report: totals.result(), ...counted };
}

/** What past logs say: the morning after. */
export const report: Command = {
  words: ['report'],
  synopsis: '[--json] [--format FORMAT | --conf NGINX_CONF] [FILE…]',
  summary: 'what past error and access logs say, plain or .gz, in any order: failures, incidents, times',

  async run(args, streams) {
    const options = readOptions(args);
    const found = await readAll(options.files, formatsOf(options), streams);
    // 0 all read, 1 some not, 2 none (design: the executable).
    if (found.read === 0) return 2;
    const output = createOutput(streams.stdout);
    if (options.json) output.line(JSON.stringify(reportJson(found.report)));
    else for (const line of renderReport(found.report, terminalOf(streams.stdout, process.env))) output.line(line);
    await output.end();
    return found.failed === 0 ? 0 : 1;
  },
};
