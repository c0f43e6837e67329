/** Everything `check` judges about one nginx, read once. */
import { namesToResolve, withAddresses } from '../../nginx/peers.ts';
import type { AccessLog, ErrorLog, NginxConfiguration } from '../../nginx/types.ts';
import { attempt, type FileSystem } from '../../system/fs.ts';
import { askNames, type NameBudget, type OpenNames } from '../../system/network/ask-names.ts';
import type { Resolve } from '../../system/network/dns.ts';
import type { Reader } from '../../system/reach.ts';
import { type NginxFound, procOf } from '../find/find-nginx.ts';
import { hostFile, hostPath } from '../find/host-path.ts';
import { startTimes, workersOf } from '../find/processes.ts';
import { placeOf } from '../find/view.ts';
import type { NginxRead } from '../follow/read-nginx.ts';
import { type Addresses, nginxResolver } from '../names.ts';
import { configuredState, type LogState, logState } from './log-state.ts';
import { recentPeers } from './recent-peers.ts';

export interface ErrorLogFact {
  readonly log: ErrorLog;
  readonly state: LogState;
}

export interface AccessLogFact {
  readonly log: AccessLog;
  readonly state: LogState;
}

/** Logs to read instead of those of nginx's configuration; null: there are none, nginx's own are read. */
export interface ConfiguredLogs {
  readonly errorLogs: readonly ConfiguredLog[] | null;
  readonly accessLogs: readonly ConfiguredLog[] | null;
  /** A status page is named there, too. */
  readonly hasStatusPage: boolean;
}

export interface ConfiguredLog {
  /** As it is written: a path, `docker:FILE`, `journal:nginx`, … */
  readonly spec: string;
  /** The one file that this is, null where it is none, or several. */
  readonly path: string | null;
}

export interface ConfiguredLogFact extends ConfiguredLog {
  readonly use: 'error_log' | 'access_log';
  readonly state: LogState;
}

export interface CheckFacts {
  readonly found: NginxFound;
  /** The configuration came from `nginx -T`. */
  readonly dumped: boolean;
  /** With the addresses of its names. */
  readonly configuration: NginxConfiguration;
  /** Of the names that were answered. */
  readonly addresses: Addresses;
  readonly openNames: OpenNames;
  readonly errorLogs: readonly ErrorLogFact[];
  readonly accessLogs: readonly AccessLogFact[];
  /** What is read instead of them, where nginx-upstream.conf says so. */
  readonly configured: readonly ConfiguredLogFact[];
  /** nginx-upstream.conf names a status page. */
  readonly hasStatusPage: boolean;
  /** Peers in the error log's end that stand in no configuration. */
  readonly strangers: readonly string[];
  /** Files that were changed after nginx's workers started; null when that is not known. */
  readonly changedSince: readonly string[] | null;
  /** As in `6.1.0-18-amd64`; empty when unknown. */
  readonly kernel: string;
  readonly identity: Reader;
}

export interface FactPorts {
  readonly fs: FileSystem;
  readonly resolve: Resolve;
  readonly identity: Reader;
  readonly hostPrefix: string;
}

/** When the youngest set of workers began, milliseconds since 1970; null without /proc. */
export function workersSince(found: NginxFound, ports: Pick<FactPorts, 'fs' | 'hostPrefix'>): number | null {
  const proc = procOf(ports);
  const workers = found.master === null ? [] : workersOf(proc, found.master.pid);
  const times = startTimes(proc, workers);
  return times.length === 0 ? null : Math.min(...times);
}

/** `btime` is rounded to seconds: a file as old as the workers is in force. */
const slackMs = 1500;

/** Files that were changed after nginx's workers started; null when that is not known. */
export function changedFiles(
  found: NginxFound,
  configuration: NginxConfiguration,
  ports: Pick<FactPorts, 'fs' | 'hostPrefix'>,
): readonly string[] | null {
  const since = workersSince(found, ports);
  if (since === null) return null;
  return configuration.files.filter((path) => {
    const stat = attempt(() => ports.fs.stat(placeOf(ports.fs, found.view, path)));
    return stat.ok && stat.value.modifiedMs > since + slackMs;
  });
}

function strangersOf(
  configuration: NginxConfiguration,
  logs: readonly ErrorLogFact[],
  found: NginxFound,
  fs: FileSystem,
) {
  const servers = configuration.upstreams.flatMap((upstream) => upstream.servers);
  const known = new Set([
    ...servers.flatMap(({ peers }) => peers),
    ...configuration.upstreams.flatMap((up) => up.aliases),
  ]);
  const paths = logs.flatMap(({ log, state }) =>
    log.target.kind === 'file' && state.is === 'readable' ? [placeOf(fs, found.view, log.target.path)] : [],
  );
  return [...new Set(paths.flatMap((path) => recentPeers(fs, path)))].filter((peer) => !known.has(peer));
}

/** nginx's own log is still read where nginx-upstream.conf names it, too. */
function withReplaced<F extends ErrorLogFact | AccessLogFact>(
  logs: readonly F[],
  instead: readonly ConfiguredLog[] | null,
): readonly F[] {
  if (instead === null) return logs;
  const isNamed = ({ target }: F['log']) => target.kind === 'file' && instead.some(({ path }) => path === target.path);
  return logs.map((each) => (isNamed(each.log) ? each : { ...each, state: { is: 'replaced' } }));
}

function configuredFacts(logs: ConfiguredLogs, { fs, identity, hostPrefix }: FactPorts): readonly ConfiguredLogFact[] {
  const stateOf = (path: string | null): LogState =>
    path === null
      ? { is: 'pattern' }
      : configuredState(fs, hostFile(fs, hostPath(path, hostPrefix), hostPrefix), identity);
  return (['error_log', 'access_log'] as const).flatMap((use) =>
    ((use === 'error_log' ? logs.errorLogs : logs.accessLogs) ?? []).map((log) => ({
      ...log,
      use,
      state: stateOf(log.path),
    })),
  );
}

export async function gatherFacts(
  { found, configuration: read, dumped }: NginxRead,
  configured: ConfiguredLogs,
  budget: NameBudget,
  ports: FactPorts,
): Promise<CheckFacts> {
  const { fs, identity } = ports;
  const resolve = nginxResolver(found, ports.resolve, fs);
  const { addresses, open: openNames } = await askNames(namesToResolve(read), resolve, budget);
  const configuration = withAddresses(read, addresses);
  const errorLogs = read.errorLogs.map((log) => ({ log, state: logState(fs, found, log.target, identity) }));
  const kernel = procOf(ports).text('sys/kernel/osrelease');
  return {
    found,
    dumped,
    configuration,
    addresses,
    openNames,
    errorLogs: withReplaced(errorLogs, configured.errorLogs),
    accessLogs: withReplaced(
      read.accessLogs.map((log) => ({ log, state: logState(fs, found, log.target, identity) })),
      configured.accessLogs,
    ),
    configured: configuredFacts(configured, ports),
    hasStatusPage: configured.hasStatusPage,
    strangers: strangersOf(configuration, errorLogs, found, fs),
    changedSince: dumped ? null : changedFiles(found, configuration, ports),
    kernel: kernel?.trim() ?? '',
    identity,
  };
}
