import { dialectOf, hasFunctions } from '../charts/dialect.ts';
import { keepAlive } from '../charts/encode.ts';
import { alertFileFindings } from './discover/check/rules/alert-files.ts';
import { wordFinding } from './discover/check/words/wording.ts';
import { registration } from './functions/answer.ts';
import { isPipeOrSocket, listenToNetdata } from './netdata/commands.ts';
import { type NetdataEnvironment, readEnvironment, settingsFiles } from './netdata/environment.ts';
import { type Conditions, createConditions, createLog } from './netdata/log.ts';
import { createWriter } from './netdata/writer.ts';
import { checkFindings } from './runtime/findings.ts';
import { createFunctions } from './runtime/functions.ts';
import { createJobs } from './runtime/jobs.ts';
import { createSettings } from './runtime/settings.ts';
import { parseTestFault } from './runtime/test-fault.ts';
import { createCheckpoint } from './source/tail/checkpoint.ts';
import { nodeAccounts } from './system/accounts.ts';
import { systemClock, untilNextTick } from './system/clock.ts';
import { nodeFileSystem } from './system/fs.ts';
import { resolveName } from './system/network/dns.ts';
import { connectOnce } from './system/network/net.ts';
import { bindUdp } from './system/network/udp.ts';
import { startChild } from './system/process/child.ts';
import { ownUid, pluginIdentity } from './system/process/identity.ts';
import { processLoad } from './system/process/load.ts';
import { nodeStateFile, type StateFile } from './system/state-file.ts';

export interface PluginOptions {
  /** Seconds between ticks, as Netdata asks for them; null = NETDATA_UPDATE_EVERY, else 1. */
  readonly seconds: number | null;
  /** The configuration file, instead of the places it is looked for. */
  readonly config: string | null;
}

/** Netdata 2.x kills a plugin that is silent for two minutes: longer ticks are bridged with keep-alives. */
const longestSilenceMs = 20_000;

const terminalHint =
  "This is plugin mode: Netdata's protocol follows. For a person: nginx-upstream --help (check, diagnose).\n";

/**
 * Plugin mode: the story of a tick, again and again until Netdata says that it is over. Resolves to the exit code.
 *
 *     drain the sources → snapshot → plan → encode → one write
 */
export async function runPlugin(options: PluginOptions, host: NodeJS.Process): Promise<number> {
  const environment = readEnvironment(host.env);
  const clock = systemClock;
  const fs = nodeFileSystem;
  const log = createLog((line) => host.stderr.write(line), clock.wallMs, environment.logLevel);
  const conditions = createConditions(log);

  const leaving = new AbortController();
  const leave = () => leaving.abort();
  const writer = createWriter(host.stdout, leave);
  host.on('SIGTERM', leave);
  if (host.stdout.isTTY) host.stderr.write(terminalHint);

  const candidates = settingsFiles(environment, options.config);
  const settings = createSettings(candidates, options.config !== null, { fs, log, conditions });
  host.on('SIGHUP', settings.reread);
  const checkpoint = createCheckpoint(checkpointFile(environment.libDirectory), clock.wallMs);
  if (checkpoint.damage !== null) log.warning(checkpoint.damage);
  const jobs = createJobs({
    fs,
    accounts: nodeAccounts(environment.hostPrefix),
    clock,
    cpuUs: processLoad.cpuUs,
    log,
    conditions,
    checkpoint,
    bindUdp,
    startChild,
    ownUid: ownUid(),
    resolve: resolveName,
    connect: connectOnce,
    libDirectory: environment.libDirectory,
    hostPrefix: environment.hostPrefix,
    testFault: parseTestFault(host.env['NGINX_UPSTREAM_TEST_FAULT']),
  });

  const functions = createFunctions({
    clock,
    writer,
    conditions,
    check: async () => {
      const ports = {
        fs,
        resolve: resolveName,
        identity: pluginIdentity(environment.hostPrefix),
        hostPrefix: environment.hostPrefix,
      };
      const alerts = await alertFileFindings(fs, environment.configDirectories, async () => environment.version);
      return checkFindings(jobs.nginx(), settings.problem(), ports, alerts);
    },
    file: incidentsFile(environment.libDirectory),
  });
  listenToNetdata(host.stdin, isPipeOrSocket(0), leave, functions.commands);

  await tellAlertFiles(environment, conditions);
  const dialect = dialectOf(environment.version);
  const isCallable = hasFunctions(environment.version);
  let greeting = isCallable ? registration : '';
  const askedFor = options.seconds ?? environment.updateEvery ?? 1;
  const lateness = createLateness();

  while (!leaving.signal.aborted) {
    if (settings.poll()) jobs.apply(settings.current());
    const updateEvery = Math.max(askedFor, settings.current().updateEvery);
    const wait = untilNextTick(clock.wallMs(), updateEvery * 1000);
    const isTick = wait <= longestSilenceMs;
    await clock.sleep(isTick ? wait : longestSilenceMs, leaving.signal);
    if (leaving.signal.aborted) break;

    jobs.drain();
    if (!writer.ready()) continue;
    if (!isTick) {
      writer.write(keepAlive);
      continue;
    }
    const nowUs = clock.monotonicUs();
    const load = {
      cpuUs: processLoad.cpuUs(),
      residentBytes: processLoad.residentBytes(),
      lateTicks: lateness.count(nowUs, updateEvery),
    };
    const text = greeting + (jobs.draw({ nowUs, updateEvery, dialect }, load) || keepAlive);
    jobs.remember();
    // To the disk as soon as Netdata has taken the tick.
    writer.write(text, () => conditions.set('checkpoint', checkpoint.save()));
    greeting = '';
    if (isCallable) functions.tick(jobs.now(), updateEvery);
  }
  functions.close();
  return 0;
}

/** Files that an upgrade left behind: their alerts are quiet, or show the names of labels. */
async function tellAlertFiles({ configDirectories, version }: NetdataEnvironment, conditions: Conditions) {
  for (const found of await alertFileFindings(nodeFileSystem, configDirectories, async () => version)) {
    if (found.code === 'alerts_changed') continue;
    const { what, why } = wordFinding(found);
    // The message begins with the path.
    conditions.set(found.subject, `${what.slice(found.subject.length + 1)}. ${why} Run install.sh again`);
  }
}

/** None outside Netdata: there is no place that is ours. */
function checkpointFile(libDirectory: string | null): StateFile | null {
  return libDirectory === null ? null : nodeStateFile(`${libDirectory}/nginx-upstream.checkpoint.json`);
}

function incidentsFile(libDirectory: string | null): StateFile | null {
  return libDirectory === null ? null : nodeStateFile(`${libDirectory}/nginx-upstream.incidents.json`);
}

/** Counts ticks that came more than half an interval late. */
function createLateness() {
  let lastUs: number | null = null;
  let late = 0;
  return {
    count(nowUs: number, updateEvery: number): number {
      if (lastUs !== null && nowUs - lastUs > updateEvery * 1_500_000) late++;
      lastUs = nowUs;
      return late;
    },
  };
}
