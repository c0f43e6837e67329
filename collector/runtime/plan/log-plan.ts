import { hasOutput } from '../../discover/find/container-output.ts';
import { placeOf, type View } from '../../discover/find/view.ts';
import type { Followed } from '../../discover/follow/nginx-follower.ts';
import type { AccessLog, ErrorLog, LogFormat, LogSet, LogTarget, NginxConfiguration } from '../../nginx/types.ts';
import { type LogSpec, nginxFile, nginxSyslog, parseLogSpec, specText } from '../../source/log-spec.ts';
import { attempt, type FileSystem } from '../../system/fs.ts';
import { lookAt } from '../../system/reach.ts';
import { type FilePorts, logsByFile } from '../logs/log-files.ts';

/** A log to follow. */
export interface LogPlan {
  /** Where it is, and how it is read. */
  readonly log: LogSpec;
  /** Its name, as specText gives it. */
  readonly spec: string;
  /** What nginx's configuration, or nginx-upstream.conf, calls it. The place may change: another container, another root. */
  readonly origin: string;
  /** It began while the plugin ran: all that it holds is news. */
  readonly isNew: boolean;
}

export interface ErrorLogPlan extends LogPlan {
  /** A file that no other nginx of this host writes to: whose lines are there, is known. */
  readonly isOwn: boolean;
}

export interface FormatPlan {
  readonly name: string;
  readonly text: string;
  /** null when only the text is known, not its directive. */
  readonly escape: LogFormat['escape'] | null;
}

export interface AccessLogPlan extends LogPlan {
  readonly protocol: 'http' | 'stream' | null;
  /** nginx is older than 1.15.7: a connect time does not prove a connection. */
  readonly legacyConnectTime: boolean;
  /** Tried in this order: vhosts may share a file, and after a reload old workers still write by the old format. */
  readonly formats: readonly FormatPlan[];
}

/** The larger, the more a log shows; 0 is of no use at all. */
type Score<L> = (log: L) => number;

const kindScores: Readonly<Record<LogTarget['kind'], number>> = { file: 4, syslog: 2, stderr: 1, memory: 0 };

function targetScore(target: LogTarget): number {
  if (target.kind === 'file') return target.path === '/dev/null' ? 0 : kindScores.file;
  const isLocal = target.kind === 'syslog' && /^(127\.|localhost|\[::1\])/.test(target.server);
  return target.kind === 'syslog' && !isLocal ? 0 : kindScores[target.kind];
}

const levels: readonly ErrorLog['level'][] = ['emerg', 'alert', 'crit', 'error', 'warn', 'notice', 'info', 'debug'];

/** At `warn` everything is there that is looked for. */
const errorScore: Score<ErrorLog> = ({ target, level }) => {
  const score = targetScore(target);
  return score === 0 ? 0 : score * 10 + Math.min(levels.indexOf(level), 4);
};

/** Failures of upstreams are logged at this level. */
const failureLevel = levels.indexOf('error');

/** The error log of a place with upstreams that says nothing of their failures: it is discarded, or its level is too high. */
export function hidingErrorLog({ errorLogs, errorSets }: NginxConfiguration): ErrorLog | null {
  const shows = (at: number): boolean => {
    const log = errorLogs[at];
    return log !== undefined && targetScore(log.target) > 0 && levels.indexOf(log.level) >= failureLevel;
  };
  const hiding = errorSets.find(({ proxied, logs }) => proxied && !logs.some(shows));
  return errorLogs[hiding?.logs[0] ?? -1] ?? null;
}

const useful = /\$\{?(status|request_time|proxy_host|upstream_(addr|status|connect_time|response_time))\b/g;

const accessScore: Score<AccessLog> = ({ target, gzip, format }) => {
  const score = targetScore(target);
  return score === 0 || gzip || format === null ? 0 : score * 10 + new Set(format.text.match(useful)).size;
};

/** One log of each set: a request that stands in two logs must count once. */
function chosen<L>(logs: readonly L[], sets: readonly LogSet[], score: Score<L>): readonly L[] {
  const scoreAt = (at: number): number => {
    const log = logs[at];
    return log === undefined ? 0 : score(log);
  };
  const taken = new Set<number>();
  for (const set of [...sets].sort((a, b) => a.logs.length - b.logs.length)) {
    const best = [...set.logs].sort((a, b) => scoreAt(b) - scoreAt(a) || a - b)[0];
    if (
      best !== undefined &&
      scoreAt(best) > 0 &&
      !set.logs.some((at) => taken.has(at) && scoreAt(at) === scoreAt(best))
    ) {
      taken.add(best);
    }
  }
  return [...taken].sort((a, b) => a - b).flatMap((at) => logs[at] ?? []);
}

/**
 * What the container's engine has written of it, where nginx writes to its own standard output or error. The image's
 * own files may be closed to us; then a path in it that cannot be seen is treated as one of those links, if the engine
 * has such a file.
 */
function outputOf({ output = null, follow }: View, place: string | null, fs: FileSystem): LogSpec | null {
  if (output === null || !hasOutput(output, fs)) return null;
  const { is } = place === null ? { is: 'stream' } : lookAt(fs, follow(place));
  return is === 'stream' || is === 'error' ? parseLogSpec(output.spec) : null;
}

/** @param hasVariables what a path may hold: nginx knows them in access_log, and takes them literally in error_log */
export function logOf(target: LogTarget, hasVariables: boolean, view: View, fs: FileSystem): LogSpec {
  switch (target.kind) {
    case 'file': {
      const place = placeOf(fs, view, target.path);
      return outputOf(view, place, fs) ?? nginxFile(place, hasVariables);
    }
    case 'syslog':
      return nginxSyslog(target.server);
    case 'stderr':
      return outputOf(view, null, fs) ?? parseLogSpec('stderr');
    case 'memory':
      return parseLogSpec('memory:');
  }
}

function originOf(target: LogTarget): string {
  return target.kind === 'file' ? target.path : target.kind === 'syslog' ? target.server : target.kind;
}

function uniqueSpecs<L extends LogPlan>(logs: readonly L[], merge: (a: L, b: L) => L): readonly L[] {
  const bySpec = new Map<string, L>();
  for (const log of logs) {
    const known = bySpec.get(log.spec);
    bySpec.set(log.spec, known === undefined ? log : merge(known, log));
  }
  return [...bySpec.values()];
}

interface Phase {
  readonly configuration: NginxConfiguration;
  /** In force: its logs are followed whether they exist or not. */
  readonly inForce: boolean;
}

/** What is in force first, then what is coming and what has been: their logs are read as long as lines may come. */
function phasesOf({ read, pending, previous }: Followed): readonly Phase[] {
  const others = [...(pending === null ? [] : [pending]), ...previous];
  return [
    { configuration: read.configuration, inForce: true },
    ...others.map((configuration) => ({ configuration, inForce: false })),
  ];
}

function plansOf<L extends ErrorLog | AccessLog, P extends LogPlan>(
  followed: Followed,
  fs: FileSystem,
  logsOf: (configuration: NginxConfiguration) => readonly L[],
  complete: (log: L, plan: LogPlan) => P,
): readonly P[] {
  const { view } = followed.read.found;
  return phasesOf(followed).flatMap(({ configuration, inForce }) =>
    logsOf(configuration).flatMap((written) => {
      const { target } = written;
      const log = logOf(target, 'format' in written, view, fs);
      if (!inForce && !exists(fs, log)) return [];
      const isNew = target.kind === 'file' && followed.newLogs.has(target.path);
      return [complete(written, { log, spec: specText(log), origin: originOf(target), isNew })];
    }),
  );
}

function exists(fs: FileSystem, log: LogSpec): boolean {
  const stat = log.is === 'file' ? attempt(() => fs.stat(log.path)) : null;
  return stat?.ok === true && stat.value.kind === 'file';
}

/** The error logs to follow: one of each set. */
export function discoveredErrorLogs(followed: Followed, fs: FileSystem): readonly LogPlan[] {
  const best = ({ errorLogs, errorSets }: NginxConfiguration) => chosen(errorLogs, errorSets, errorScore);
  return uniqueSpecs(
    plansOf(followed, fs, best, (_, plan) => plan),
    (a) => a,
  );
}

export function formatPlan(format: LogFormat): FormatPlan {
  return { name: format.name, text: format.text, escape: format.escape };
}

/** The access logs to follow, with every format that may stand in each. */
export function discoveredAccessLogs(followed: Followed, fs: FileSystem): readonly AccessLogPlan[] {
  const best = ({ accessLogs, accessSets }: NginxConfiguration) => chosen(accessLogs, accessSets, accessScore);
  const legacyConnectTime = isLegacy(followed.read.found.version);
  const complete = (log: AccessLog, plan: LogPlan): AccessLogPlan => ({
    ...plan,
    protocol: log.protocol,
    legacyConnectTime,
    formats: log.format === null ? [] : [formatPlan(log.format)],
  });
  return uniqueAccessLogs(plansOf(followed, fs, best, complete));
}

export function uniqueAccessLogs(logs: readonly AccessLogPlan[]): readonly AccessLogPlan[] {
  return uniqueSpecs(logs, (a, b) => ({ ...a, formats: uniqueFormats([...a.formats, ...b.formats]) }));
}

/** A file is read once, whatever it is called: by the formats of all its names. */
export function withSharedFormats(logs: readonly AccessLogPlan[], ports: FilePorts): readonly AccessLogPlan[] {
  const sharing = logsByFile(logs, ports);
  return logs.map((each) => {
    const others = sharing(each.log).filter((other) => other !== each);
    return others.length === 0
      ? each
      : { ...each, formats: uniqueFormats([each, ...others].flatMap(({ formats }) => formats)) };
  });
}

/** Before 1.15.7 nginx wrote the response time where there was no connect time (nginx's commit c24146731). */
export function isLegacy(version: string | null): boolean {
  const [, major = 9, minor = 0, patch = 0] =
    /^(?:nginx|openresty)\/(\d+)\.(\d+)\.(\d+)/.exec(version ?? '')?.map(Number) ?? [];
  return major * 1e6 + minor * 1e3 + patch < 1_015_007;
}

function uniqueFormats(formats: readonly FormatPlan[]): readonly FormatPlan[] {
  return [...new Map(formats.map((format) => [`${format.escape} ${format.text}`, format])).values()];
}
