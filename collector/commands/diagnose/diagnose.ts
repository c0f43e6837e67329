import type { Facts } from '../../diagnose/facts/facts.ts';
import { createFailureTally } from '../../diagnose/facts/failures.ts';
import { gather } from '../../diagnose/facts/gather.ts';
import { recall } from '../../diagnose/facts/memory.ts';
import { createProber } from '../../diagnose/facts/probe.ts';
import { isByStranger } from '../../diagnose/facts/writers.ts';
import { type Judged, judge } from '../../diagnose/rules/judge.ts';
import { changedFiles } from '../../discover/check/facts.ts';
import type { NginxRead } from '../../discover/follow/read-nginx.ts';
import { resolveNames } from '../../discover/names.ts';
import { readEnvironment, settingsFiles } from '../../netdata/environment.ts';
import { namesToResolve, withAddresses } from '../../nginx/peers.ts';
import { listenersFiles } from '../../runtime/causes/listeners-file.ts';
import type { NginxOfJob } from '../../runtime/findings.ts';
import { planJob } from '../../runtime/job-plan.ts';
import { nginxSeen } from '../../runtime/nginx/seen.ts';
import { createProcfs } from '../../source/procfs.ts';
import { nodeAccounts } from '../../system/accounts.ts';
import { localTime, systemClock } from '../../system/clock.ts';
import { resolveName } from '../../system/dns.ts';
import { execute } from '../../system/exec.ts';
import { attempt, nodeFileSystem } from '../../system/fs.ts';
import { connectOnce } from '../../system/net.ts';
import { nodeStateFile } from '../../system/state-file.ts';
import { type Command, type Streams, UsageError } from '../command.ts';
import { createOutput } from '../input.ts';
import { findJobs, readSettings } from '../nginx-jobs.ts';
import { json, type Terminal, terminalOf } from '../terminal.ts';
import { type Diagnosis, type DiagnosisResult, isMeant } from './diagnosis.ts';
import { explain } from './explain.ts';
import { readWriters } from './log-writers.ts';
import { obstacleOf, strangerNote } from './notes.ts';
import { readRecentLines } from './recent-lines.ts';
import { silentLogs } from './silent-logs.ts';
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
/** More are not looked at one by one. */
const mostPeers = 200;

function readSince(text: string): number {
  const [, digits = '', unit = 'm'] = /^(\d{1,6})([smhd]?)$/.exec(text) ?? [];
  const ms = Number(digits) * (units[unit || 'm'] ?? 60) * 1000;
  if (digits === '' || ms === 0) throw new UsageError(`--since ${text}: a time like 90s, 10m, 2h or 1d`);
  return ms;
}

function readOptions(args: readonly string[]): Options {
  const values = new Map<string, string>();
  let json = false;
  for (let at = 0; at < args.length; at += 1) {
    const [, name = '', written] = /^(--[a-z]+)(?:=(.*))?$/s.exec(args[at] ?? '') ?? [];
    if (name === '--json' && written === undefined) json = true;
    else if (['--config', '--peer', '--since', '--explain'].includes(name)) {
      const value = written ?? args[++at] ?? '';
      if (value === '') throw new UsageError(`${name} needs a ${name === '--explain' ? 'CAUSE' : 'value'}`);
      values.set(name, value);
    } else throw new UsageError(`unknown option ${args[at]}`);
  }
  const told = (name: string): string | null => values.get(name) ?? null;
  const since = told('--since');
  return {
    json,
    explain: told('--explain'),
    config: told('--config'),
    peer: told('--peer'),
    sinceMs: since === null ? defaultSinceMs : readSince(since),
  };
}

async function withNames(read: NginxRead): Promise<NginxRead> {
  const addresses = await resolveNames(namesToResolve(read.configuration), resolveName);
  return { ...read, configuration: withAddresses(read.configuration, addresses) };
}

function readMemory(files: readonly string[]): string {
  for (const path of files) {
    const text = attempt(() => nodeStateFile(path).read());
    if (text.ok) return text.value;
  }
  return '';
}

/**
 * Where the failures are one nginx's: read, gathered and judged.
 *
 * @param masters of every nginx: several may write to one log
 */
async function diagnoseJob(
  { job, settings, read: unresolved }: NginxOfJob,
  masters: readonly number[],
  options: Options,
  probe: Parameters<typeof createProber>[0],
  environment: ReturnType<typeof readEnvironment>,
): Promise<Diagnosis> {
  const fs = nodeFileSystem;
  const { hostPrefix } = environment;
  const read = await withNames(unresolved);
  const followed = { read, pending: null, previous: [], newLogs: new Set<string>() };
  const plan = planJob(settings, job, followed, { fs, hostPrefix });
  const nowMs = systemClock.wallMs();
  const specs = plan.errorLogs.map(({ spec }) => spec);
  const { follow } = read.found.view;
  const logs = await readRecentLines(specs, nowMs - options.sinceMs, { fs, execute, follow });
  // What was named by hand is believed to hold them.
  const silent =
    settings.errorLogs === null
      ? silentLogs(
          read.configuration,
          logs.unread.map(({ log }) => log),
        )
      : { unread: [], isAll: false };
  const tally = createFailureTally(
    (peer, protocol) => plan.upstreamOf?.(peer, null, protocol === 'mail' ? null : protocol) ?? peer,
    mostPeers,
  );
  // A log that was named by hand may be another nginx's, whose pids are not known here.
  const writers = settings.errorLogs === null ? readWriters(masters, fs, hostPrefix) : null;
  let strange = 0;
  for (const { line, ms } of logs.lines) {
    if (writers !== null && isByStranger(line.pid, ms, writers)) strange++;
    else tally.record(line, ms);
  }
  const all = tally.failing();
  const failing = {
    peers: all.peers.filter(({ peer }) => isMeant(options.peer, peer)),
    groups: all.groups.filter(({ upstream }) => options.peer === null || upstream === options.peer),
    nginx: options.peer === null ? all.nginx : new Map(),
  };
  const isHealthy = failing.peers.length + failing.groups.length + failing.nginx.size === 0;
  const facts = isHealthy ? null : await look();
  const judged = facts === null ? [] : judgeNow(facts);
  const later = new Map([...tally.later()].filter(([peer]) => isMeant(options.peer, peer)));
  const notLoaded = read.dumped ? [] : (changedFiles(read.found, read.configuration, { fs, hostPrefix }) ?? []);
  return { job, read, logs, silent, strange, later, notLoaded, facts, judged, nowMs };

  function look(): Promise<Facts> {
    const procRoot = `${hostPrefix}/proc`;
    const proc = createProcfs(fs, procRoot);
    const remembered = recall(readMemory(listenersFiles(environment.libDirectory, read.found)));
    const prober = createProber(probe, connectOnce, () => systemClock.monotonicUs() / 1000);
    return gather(failing, nginxSeen(read, remembered, { fs, hostPrefix }), prober, {
      fs,
      proc,
      procRoot,
      resolve: resolveName,
      connect: connectOnce,
      wallMs: systemClock.wallMs,
      ...nodeAccounts(),
    });
  }

  function judgeNow(facts: Facts): readonly Judged[] {
    return judge(facts, (ms) => localTime(ms, nowMs));
  }
}

async function print(lines: readonly string[], code: number, { stdout }: Streams): Promise<number> {
  const output = createOutput(stdout);
  for (const line of lines) output.line(line);
  await output.end();
  return code;
}

/** 0 no peer fails, 1 some do, 2 could not look. */
function exitCode(result: DiagnosisResult): number {
  const { diagnoses } = result;
  if (diagnoses.some(({ judged }) => judged.length > 0)) return 1;
  if (strangerNote(result) !== null) return 2;
  return diagnoses.some((each) => obstacleOf(each) === null) ? 0 : 2;
}

/** The verdict per failing peer: cause, evidence, fix, and what to type next. */
export const diagnose: Command = {
  words: ['diagnose'],
  synopsis: '[--peer PEER] [--since 10m] [--json] [--config FILE] [--explain CAUSE]',
  summary: 'why peers fail: cause, evidence, fix, the next command',
  help: [
    '  --peer PEER      only this peer, as charts and alerts name it',
    '  --since 10m      how far back: 90s, 10m, 2h, 1d',
    '  --explain CAUSE  more about a cause',
    '  --json           one JSON object',
    '  --config FILE    another nginx-upstream.conf',
    '',
    'Run it as root: it then also reads owners of sockets and firewall rules.',
    'Exit code: 0 no peer fails, 1 some do, 2 could not look.',
  ],

  async run(args, streams) {
    const options = readOptions(args);
    const terminal = terminalOf(streams.stdout, process.env);
    if (options.explain !== null) {
      const cause = options.explain;
      const text = explain(TROUBLESHOOTING, cause, options.json ? plain : terminal);
      return print(options.json ? [json({ cause, text: text.slice(2).join('\n') })] : text, 0, streams);
    }
    const environment = readEnvironment(process.env);
    const { settings, problem } = readSettings(settingsFiles(environment, options.config), options.config);
    const { jobs } = findJobs(settings.jobs, environment.hostPrefix);
    const masters = jobs.flatMap(({ read }) => read.found.master?.pid ?? []);
    const diagnoses: Diagnosis[] = [];
    for (const job of jobs) diagnoses.push(await diagnoseJob(job, masters, options, settings.probe, environment));
    const result = {
      diagnoses,
      problem,
      peer: options.peer,
      sinceMs: options.sinceMs,
      isRoot: process.getuid?.() === 0,
      program: calledAs(process.argv[1]),
    };
    const lines = options.json ? [json(toJson(result))] : renderDiagnosis(result, terminal);
    return print(lines, exitCode(result), streams);
  },
};
