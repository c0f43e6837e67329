import { asOnHost } from '../../discover/find/host-path.ts';
import { settingsFiles } from '../../netdata/environment.ts';
import { createNameBudget } from '../../system/network/ask-names.ts';
import { type Command, type Streams, UsageError } from '../command.ts';
import { commandEnvironment } from '../environment.ts';
import { createOutput } from '../input.ts';
import { findJobs, readSettings } from '../nginx-jobs.ts';
import { readOptions } from '../options.ts';
import { json, type Terminal, terminalOf } from '../terminal.ts';
import type { Diagnosis, DiagnosisResult } from './diagnosis.ts';
import { explain } from './explain.ts';
import { clientsHurt, failsNow } from './headline.ts';
import { diagnoseJob } from './look.ts';
import { obstacleOf, strangerNote } from './notes.ts';
import { renderDiagnosis, toJson } from './text.ts';

declare const TROUBLESHOOTING: string;

interface Options {
  readonly json: boolean;
  /** A cause to be explained; null: look for them. */
  readonly explain: string | null;
  readonly config: string | null;
  readonly peer: string | null;
  readonly sinceMs: number;
}

/** As the reader can type it: the command in the PATH, else the file by its path. */
const calledAs = (path = 'nginx-upstream'): string => (path.endsWith('/nginx-upstream') ? 'nginx-upstream' : path);

/** Wrapped nowhere. */
const plain: Terminal = { paint: (_, text) => text, width: null };
const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const defaultSinceMs = 600_000;

function readSince(text: string): number {
  const [, digits = '', unit = 'm'] = /^(\d{1,6})([smhd]?)$/.exec(text) ?? [];
  const ms = Number(digits) * (units[unit || 'm'] ?? 60) * 1000;
  if (digits === '' || ms === 0) throw new UsageError(`--since ${text}: a time like 90s, 10m, 2h or 1d`);
  return ms;
}

const optionSet = {
  flags: ['json'],
  values: { config: 'FILE', peer: 'PEER', since: 'time, as in 10m', explain: 'CAUSE' },
  takesFiles: false,
} as const;

function readDiagnoseOptions(args: readonly string[]): Options {
  const { flags, values } = readOptions(args, optionSet);
  return {
    json: flags.has('json'),
    explain: values.explain ?? null,
    config: values.config ?? null,
    peer: values.peer ?? null,
    sinceMs: values.since === undefined ? defaultSinceMs : readSince(values.since),
  };
}

async function print(lines: readonly string[], code: number, { stdout }: Streams): Promise<number> {
  const output = createOutput(stdout);
  for (const line of lines) output.line(line);
  await output.end();
  return code;
}

/** 0 nothing fails and clients are fine, 1 something fails or clients do, 2 could not check. */
function exitCode(result: DiagnosisResult): number {
  const { diagnoses } = result;
  const isBlind = diagnoses.every((each) => obstacleOf(each) !== null && each.judged.length === 0);
  if (isBlind) return 2;
  if (diagnoses.some((each) => failsNow(each) || each.hushed.length > 0 || (result.peer === null && clientsHurt(each))))
    return 1;
  if (strangerNote(result) !== null) return 2;
  return 0;
}

/** The verdict per failing peer: cause, evidence, fix, and what to type next. */
export const diagnose: Command = {
  words: ['diagnose'],
  synopsis: '[--peer PEER] [--since TIME] [--json] [--config FILE] [--explain CAUSE]',
  summary: 'explain why peers fail: cause, evidence, fix, next command',
  help: [
    ['--peer PEER', 'only this peer, as charts and alerts name it'],
    ['--since TIME', 'how far back: 90s, 10m, 2h, 1d; 10m by default'],
    ['--explain CAUSE', 'explain a cause, for example process_down'],
    ['--json', 'print one JSON object'],
    ['--config FILE', 'use this nginx-upstream.conf'],
    '',
    'Run it as root: it then also reads owners of sockets and firewall rules.',
    '',
    'Exit code: 0 nothing fails, 1 a peer fails or clients get errors, 2 the logs could not be read.',
  ],

  async run(args, streams) {
    const options = readDiagnoseOptions(args);
    const terminal = terminalOf(streams.stdout, process.env);
    if (options.explain !== null) {
      const cause = options.explain;
      const text = explain(TROUBLESHOOTING, cause, options.json ? plain : terminal);
      return print(options.json ? [json({ cause, text: text.slice(2).join('\n') })] : text, 0, streams);
    }
    const environment = commandEnvironment();
    const { settings, problem } = readSettings(settingsFiles(environment, options.config), options.config);
    const { jobs } = findJobs(settings.jobs, environment.hostPrefix);
    const masters = jobs.flatMap(({ read }) => read.found.master?.pid ?? []);
    const diagnoses: Diagnosis[] = [];
    const budget = createNameBudget();
    for (const job of jobs) {
      diagnoses.push(await diagnoseJob(job, masters, options, settings.probe, budget, environment));
    }
    const result = {
      diagnoses,
      problem,
      peer: options.peer,
      sinceMs: options.sinceMs,
      isRoot: process.getuid?.() === 0,
      program: calledAs(process.argv[1]),
    };
    const lines = options.json ? [json(toJson(result))] : renderDiagnosis(result, terminal);
    const said = lines.map((line) => asOnHost(line, environment.hostPrefix));
    return print(said, exitCode(result), streams);
  },
};
