import type { JobSettings } from './config/settings.ts';
import type { Followed } from './discover/nginx-follower.ts';
import { type AccessLogPlan, discoveredAccessLogs, discoveredErrorLogs, formatPlan, type LogPlan } from './log-plan.ts';
import type { ConfiguredPeer } from './model.ts';
import { type Attribution, createAttribution } from './nginx/peers.ts';
import type { LogFormat, Upstream } from './nginx/types.ts';
import type { FileSystem } from './system/fs.ts';

/** All that a job has to do, settings and discovery together. */
export interface JobPlan {
  readonly name: string;
  readonly errorLogs: readonly LogPlan[];
  readonly accessLogs: readonly AccessLogPlan[];
  readonly statusPages: readonly { readonly url: string; readonly host: string | null }[];
  /** The command line of the nginx of this job; null when any nginx will do. */
  readonly masterArgs: string | null;
  readonly workerProcesses: number | 'auto' | null;
  readonly workerConnections: number | null;
  /** null while no configuration is known. */
  readonly attribution: Attribution | null;
  readonly peers: readonly ConfiguredPeer[];
}

/** Where nothing is known at all: what most distributions have. */
const defaultErrorLog: LogPlan = { spec: '/var/log/nginx/error.log', isNew: false };

/** A format of the settings: a log_format's name in nginx's configuration, else its text; by default what nginx uses there. */
function toldFormats(
  format: string | null,
  spec: string,
  discovered: readonly AccessLogPlan[],
  known: readonly LogFormat[],
) {
  if (format === null) {
    const same = discovered.find((log) => log.spec === spec);
    return same?.formats ?? [{ name: 'combined', text: 'combined', escape: 'default' as const }];
  }
  const named = known.filter(({ name }) => name === format).map(formatPlan);
  return named.length > 0 ? named : [{ name: format, text: format, escape: null }];
}

function onHost(spec: string, hostPrefix: string): string {
  const [, scheme = '', path = spec] = /^(docker:|cri:)(.*)$/s.exec(spec) ?? [];
  const isPath = path.startsWith('/') && hostPrefix !== '' && !path.startsWith(`${hostPrefix}/`);
  return isPath ? `${scheme}${hostPrefix}${path}` : spec;
}

function peersOf(upstreams: readonly Upstream[], { upstreamOf }: Attribution): readonly ConfiguredPeer[] {
  const peers = new Map<string, ConfiguredPeer>();
  for (const upstream of upstreams.filter(({ origin }) => origin !== 'variable')) {
    const single = upstream.servers.reduce((count, server) => count + server.peers.length, 0) === 1;
    for (const server of upstream.servers) {
      for (const peer of server.peers) {
        peers.set(`${upstream.name}\0${peer}`, {
          upstream: upstream.name,
          instance: upstreamOf(peer, null, upstream.protocol),
          peer,
          maxFails: server.maxFails,
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

/** @param followed the nginx of the job; null when none was found */
export function planJob(
  settings: JobSettings,
  name: string,
  followed: Followed | null,
  fs: FileSystem,
  hostPrefix: string,
): JobPlan {
  const configuration = followed?.read.configuration ?? null;
  const attribution = configuration === null ? null : createAttribution(configuration);
  const errorLogs = followed === null ? [defaultErrorLog] : discoveredErrorLogs(followed, fs);
  const accessLogs = followed === null ? [] : discoveredAccessLogs(followed, fs);
  const told = (spec: string): string => onHost(spec, hostPrefix);
  const pages = configuration?.statusPages.filter(({ obstacle }) => obstacle === null).slice(0, 1) ?? [];
  return {
    name,
    errorLogs:
      settings.errorLogs?.map((spec) => ({ spec: told(spec), isNew: false })) ??
      errorLogs.map((log) => ({ ...log, spec: told(log.spec) })),
    accessLogs:
      settings.accessLogs?.map(({ path, format }) => ({
        spec: told(path),
        isNew: false,
        formats: toldFormats(format, told(path), accessLogs, configuration?.formats ?? []),
      })) ?? accessLogs,
    statusPages:
      settings.stubStatus?.map((url) => ({ url, host: null })) ?? pages.map(({ url, host }) => ({ url, host })),
    masterArgs: followed?.read.found.master?.args.text ?? null,
    workerProcesses: configuration?.workerProcesses ?? null,
    workerConnections: configuration?.workerConnections ?? null,
    attribution,
    peers: configuration === null || attribution === null ? [] : peersOf(configuration.upstreams, attribution),
  };
}
