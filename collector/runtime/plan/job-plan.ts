import type { CoverageFacts } from '../../aggregate/windows/coverage.ts';
import { pairKey, sumOf } from '../../base/collections.ts';
import type { JobSettings } from '../../config/settings.ts';
import { procOf } from '../../discover/find/find-nginx.ts';
import { onlineProcessors } from '../../discover/find/processes.ts';
import { placeOf } from '../../discover/find/view.ts';
import type { Followed } from '../../discover/follow/nginx-follower.ts';
import type { NginxRead } from '../../discover/follow/read-nginx.ts';
import type { ConfiguredPeer } from '../../model.ts';
import { type Attribution, createAttribution, firstToKnow } from '../../nginx/peers.ts';
import type { ErrorLog, LogFormat, NginxConfiguration, Upstream } from '../../nginx/types.ts';
import { isLuaBalanced } from '../../nginx/upstream-groups.ts';
import { specText } from '../../source/log-spec.ts';
import type { FileSystem } from '../../system/fs.ts';
import { fileAt, logsByFile } from '../logs/log-files.ts';
import type { ServerFacts } from '../nginx/server.ts';
import { coverageOf } from './coverage.ts';
import {
  type AccessLogPlan,
  discoveredAccessLogs,
  discoveredErrorLogs,
  type ErrorLogPlan,
  formatPlan,
  hidingErrorLog,
  isLegacy,
  type LogPlan,
  uniqueAccessLogs,
  withSharedFormats,
} from './log-plan.ts';
import { toldSpec } from './told-log.ts';

/** All that a job has to do, settings and discovery together. */
export interface JobPlan {
  readonly name: string;
  readonly errorLogs: readonly ErrorLogPlan[];
  /** Why failures may be in no error log, in words for the operator; null when they are. */
  readonly hidden: string | null;
  readonly accessLogs: readonly AccessLogPlan[];
  readonly statusPages: readonly { readonly url: string; readonly host: string | null }[];
  /** The pid of the nginx of this job; null when none runs. */
  readonly master: number | null;
  readonly workerProcesses: number | null;
  readonly workerConnections: number | null;
  /** null while no configuration is known. */
  readonly upstreamOf: Attribution['upstreamOf'] | null;
  /** Whether the upstream is a target in which the request decides: its peers share one instance. */
  readonly isOpen: (upstream: string) => boolean;
  /** Whether Lua chooses its peers. */
  readonly isBalancedByLua: (upstream: string) => boolean;
  readonly peers: readonly ConfiguredPeer[];
  /** As ServerFacts has them. */
  readonly traces: ServerFacts['traces'];
  /** The names of upstreams that need no request to be known. */
  readonly upstreams: readonly string[];
  /** Which upstreams' requests are in the access logs above. */
  readonly coverage: CoverageFacts;
  /** What runs, and by what configuration; null when none was found. */
  readonly nginx: NginxRead | null;
}

/** Where nothing is known at all: what most distributions have. */
const defaultErrorLog = '/var/log/nginx/error.log';

/** A format of the settings: a log_format's name in nginx's configuration, else its text; by default what nginx uses there. */
function toldFormats(format: string | null, same: readonly AccessLogPlan[], known: readonly LogFormat[]) {
  if (format === null) {
    const used = same.flatMap(({ formats }) => formats);
    return used.length > 0 ? used : [{ name: 'combined', text: 'combined', escape: null }];
  }
  const named = known.filter(({ name }) => name === format).map(formatPlan);
  return named.length > 0 ? named : [{ name: format, text: format, escape: null }];
}

/** A log as nginx-upstream.conf names it. */
function toldLog(text: string, hostPrefix: string): LogPlan {
  const log = toldSpec(text, hostPrefix);
  return { log, spec: specText(log), origin: text, isNew: false };
}

function peersOf(upstreams: readonly Upstream[], { upstreamOf }: Attribution): readonly ConfiguredPeer[] {
  const peers = new Map<string, ConfiguredPeer>();
  for (const upstream of upstreams) {
    const single = sumOf(upstream.servers, (server) => server.peers.length) === 1;
    for (const server of upstream.servers) {
      for (const peer of server.peers) {
        peers.set(pairKey(upstream.name, peer), {
          upstream: upstream.name,
          instance: upstreamOf(peer, null, upstream.protocol),
          peer,
          // What Lua chooses, nginx's passive health checks do not see.
          maxFails: isLuaBalanced(upstream) ? 0 : server.maxFails,
          failTimeoutSeconds: server.failTimeoutSeconds,
          zone: upstream.zone,
          backup: server.backup,
          down: server.down,
          single,
          place: `${server.file}:${server.line}`,
        });
      }
    }
  }
  return [...peers.values()];
}

/** `auto` is the number of online processors (src/os/unix/ngx_posix_init.c: ngx_ncpu). */
function processesOf(configuration: NginxConfiguration | null, ports: PlanPorts): number | null {
  const told = configuration?.workerProcesses ?? null;
  return told === 'auto' ? onlineProcessors(procOf(ports)) : told;
}

function isPlainFile({ log }: LogPlan): boolean {
  return (log.is === 'file' || log.is === 'glob') && log.wrapping === 'none';
}

/** null where several are meant. */
function protocolOf(logs: readonly AccessLogPlan[]): AccessLogPlan['protocol'] {
  const [first = null, another] = new Set(logs.map(({ protocol }) => protocol));
  return another === undefined ? first : null;
}

function accessLogsOf(settings: JobSettings, followed: Followed | null, ports: PlanPorts) {
  const discovered = followed === null ? [] : discoveredAccessLogs(followed, ports.fs);
  const known = followed?.read.configuration.formats ?? [];
  const legacyConnectTime = isLegacy(followed?.read.found.version ?? null);
  const sharing = logsByFile(discovered, ports);
  const told = settings.accessLogs?.map(({ path, format }): AccessLogPlan => {
    const plan = toldLog(path, ports.hostPrefix);
    const shared = sharing(plan.log);
    // What a container or the journal holds is not a file of nginx: any of its logs may end there.
    const same = shared.length > 0 || isPlainFile(plan) ? shared : discovered;
    const formats = toldFormats(format, same, known);
    return { ...plan, protocol: protocolOf(same), legacyConnectTime, formats };
  });
  return withSharedFormats(told === undefined ? discovered : uniqueAccessLogs(told), ports);
}

/** Debian, and most packages, build nginx with this pid file. */
const usualPidFile = '/run/nginx.pid';

function tracesOf({ read: { found, configuration } }: Followed, fs: FileSystem): ServerFacts['traces'] {
  return {
    pidFile: placeOf(fs, found.view, configuration.pidFile ?? usualPidFile),
    confPath: placeOf(fs, found.view, found.confPath),
  };
}

function hiddenBy(log: ErrorLog | null): string | null {
  if (log === null) return null;
  const where = `${log.file}:${log.line}`;
  return `the error_log at ${where} hides failures of upstreams (level ${log.level}): their charts have gaps. Write: error_log FILE warn`;
}

export interface PlanPorts {
  readonly fs: FileSystem;
  readonly hostPrefix: string;
}

/**
 * @param followed the nginx of the job; null when none was found
 * @param ownLogs as ownErrorLogs says
 */
export function planJob(
  settings: JobSettings,
  name: string,
  followed: Followed | null,
  ports: PlanPorts,
  ownLogs: ReadonlySet<string> = new Set(),
): JobPlan {
  const configuration = followed?.read.configuration ?? null;
  const phases = [configuration, followed?.pending ?? null, ...(followed?.previous ?? [])];
  const attributions = phases.filter((each) => each !== null).map(createAttribution);
  const [attribution] = attributions;
  const discovered = followed === null ? [toldLog(defaultErrorLog, '')] : discoveredErrorLogs(followed, ports.fs);
  const told = settings.errorLogs?.map((text) => toldLog(text, ports.hostPrefix));
  // In its own network nginx's 127.0.0.1 is not ours: whoever answers here is another nginx.
  const isElsewhere = followed?.read.found.hasOwnNetwork === true;
  const asked = isElsewhere ? [] : (configuration?.statusPages ?? []);
  const pages = asked.filter(({ obstacle }) => obstacle === null).slice(0, 1);
  const upstreams = configuration?.upstreams.filter(({ origin }) => origin !== 'variable') ?? [];
  // Where an upstream stands in front of the variable, a path is what people write behind it.
  const openNames = configuration?.openTargets.flatMap(({ name, isNamed }) => (isNamed ? [] : [name])) ?? [];
  const accessLogs = accessLogsOf(settings, followed, ports);
  const peers = attribution === undefined ? [] : peersOf(upstreams, attribution);
  return {
    name,
    errorLogs: (told ?? discovered).map((each) => ({
      ...each,
      isOwn: each.log.is === 'file' && each.log.wrapping === 'none' && ownLogs.has(fileAt(each.log.path, ports)),
    })),
    hidden: told === undefined && configuration !== null ? hiddenBy(hidingErrorLog(configuration)) : null,
    accessLogs,
    statusPages:
      settings.stubStatus?.map((url) => ({ url, host: null })) ?? pages.map(({ url, host }) => ({ url, host })),
    master: followed?.read.found.master?.pid ?? null,
    workerProcesses: processesOf(configuration, ports),
    workerConnections: configuration?.workerConnections ?? null,
    upstreamOf: firstToKnow(attributions),
    peers,
    traces: followed === null ? null : tracesOf(followed, ports.fs),
    coverage: coverageOf(followed, accessLogs, peers, ports),
    isOpen: (upstream) => attributions.some(({ isOpen }) => isOpen(upstream)),
    isBalancedByLua: (upstream) => attributions.some(({ isBalancedByLua }) => isBalancedByLua(upstream)),
    upstreams: [...upstreams.map(({ name }) => name), ...openNames],
    nginx: followed === null ? null : followed.read,
  };
}
