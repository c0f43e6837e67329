/** What of nginx's logs the plugin cannot see, and what the logs do not say. Pure. */

import { parseSeconds } from '../../nginx/syntax/values.ts';
import type { AccessLog, ErrorLog, LogSet, Place, Upstream } from '../../nginx/types.ts';
import type { Facts } from './facts.ts';
import { type Finding, finding } from './finding.ts';
import type { Barrier, LogState } from './log-state.ts';

/** Measures 2, 3, 5 and 6 of the design need these; `$proxy_host` besides, where upstreams share a peer. */
const timingVariables = [
  'status',
  'request_time',
  'upstream_addr',
  'upstream_status',
  'upstream_connect_time',
  'upstream_response_time',
];
const streamVariables = ['status', 'session_time', 'upstream_addr', 'upstream_connect_time', 'upstream_session_time'];

/** Refused connections are logged at `error`, missing sockets at `crit`. */
const hidingLevels: ReadonlySet<string> = new Set(['crit', 'alert', 'emerg']);

export function variablesOf(format: string): ReadonlySet<string> {
  return new Set(Array.from(format.matchAll(/\$(?:\{(\w+)\}|(\w+))/g), (match) => match[1] ?? match[2] ?? ''));
}

function missingVariables(log: AccessLog): readonly string[] {
  const there = variablesOf(log.format?.text ?? '');
  return (log.protocol === 'http' ? timingVariables : streamVariables).filter((name) => !there.has(name));
}

function isLocal(server: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?$/.test(server);
}

function barrierValues({ path, isFolder, mode, group }: Barrier): Finding['values'] {
  return { barrier: path, folder: String(isFolder), mode: mode.toString(8).padStart(4, '0'), group: group ?? '' };
}

function stateRules(log: ErrorLog | AccessLog, state: LogState, use: string, who: string): readonly Finding[] {
  const path = log.target.kind === 'file' ? log.target.path : log.target.kind;
  const one = (code: Finding['code'], values: Finding['values'] = {}): readonly Finding[] => [
    finding(code, path, log, { use, ...values }),
  ];
  switch (state.is) {
    case 'readable':
    case 'pattern':
    case 'replaced':
      return [];
    case 'missing':
      return one('log_missing');
    case 'unreadable': {
      const none = { barrier: path, folder: 'false', mode: '', group: '' };
      return one('log_unreadable', { who, ...(state.barrier === null ? none : barrierValues(state.barrier)) });
    }
    case 'stream':
      return one('log_is_stream', { target: state.target });
    case 'fifo':
      return one('log_is_fifo');
    case 'folder':
      return one('log_is_folder');
    case 'discarded':
      return one('log_discarded');
    case 'memory':
      return one('log_in_memory');
    case 'syslog':
      if (state.unix) return [finding('log_syslog_unix', state.server, log, { use })];
      return [finding(isLocal(state.server) ? 'log_syslog_local' : 'log_syslog_remote', state.server, log, { use })];
  }
}

/** What goes to a port of this host as well is another program's affair, where a file has all of it. */
function hasFileBeside(at: number, sets: readonly LogSet[], logs: readonly { readonly state: LogState }[]): boolean {
  const own = sets.filter((set) => set.logs.includes(at));
  return own.length > 0 && own.every((set) => set.logs.some((other) => logs[other]?.state.is === 'readable'));
}

function isElsewhereToo(at: number, state: LogState, sets: readonly LogSet[], logs: Facts['errorLogs' | 'accessLogs']) {
  return state.is === 'syslog' && isLocal(state.server) && hasFileBeside(at, sets, logs);
}

function errorLogRules({ errorLogs, identity, configuration: { errorSets } }: Facts): readonly Finding[] {
  return errorLogs.flatMap(({ log, state }, index) => {
    if (isElsewhereToo(index, state, errorSets, errorLogs)) return [];
    const path = log.target.kind === 'file' ? log.target.path : log.target.kind;
    const findings = [...stateRules(log, state, 'error_log', identity.name)];
    if (!log.proxied || state.is === 'discarded') return findings;
    const values = { level: log.level, path, written: String(!log.byDefault) };
    if (hidingLevels.has(log.level)) findings.push(finding('error_log_hides_refusals', path, log, values));
    else if (log.level === 'error') findings.push(finding('error_log_hides_ejections', path, log, values));
    return findings;
  });
}

/** A log beside it that says all is enough: several access_log lines of one level all apply. */
function isCovered(index: number, { configuration }: Facts): boolean {
  const sets = configuration.accessSets.filter(({ logs, proxied }) => proxied && logs.includes(index));
  return sets.every(({ logs }) =>
    logs.some((at) => {
      const log = configuration.accessLogs[at];
      return at !== index && log !== undefined && missingVariables(log).length === 0;
    }),
  );
}

function holdersOf(upstreams: readonly Upstream[]): ReadonlyMap<string, readonly Upstream[]> {
  const holders = new Map<string, Upstream[]>();
  for (const upstream of upstreams) {
    for (const peer of new Set(upstream.servers.flatMap(({ peers }) => peers))) {
      holders.set(peer, [...(holders.get(peer) ?? []), upstream]);
    }
  }
  return holders;
}

/** Peers of more than one http upstream, with the names of these. */
function sharedPeers({ configuration }: Facts): readonly (readonly [string, string])[] {
  const http = configuration.upstreams.filter(({ protocol }) => protocol === 'http');
  return [...holdersOf(http)].flatMap(([peer, holders]) => {
    const names = [...new Set(holders.map(({ name }) => name))];
    return names.length > 1 ? [[peer, names.join(', ')] as const] : [];
  });
}

function formatRules(log: AccessLog, index: number, facts: Facts): readonly Finding[] {
  const path = log.target.kind === 'file' ? log.target.path : log.target.kind;
  const missing = missingVariables(log);
  const values = { path, format: log.formatName, protocol: log.protocol, written: String(!log.byDefault) };
  if (!log.proxied || log.format === null || isCovered(index, facts)) return [];
  if (missing.length > 0) {
    const variables = missing.map((name) => `$${name}`).join(', ');
    return [finding('log_format_without_upstream', log.formatName, log, { ...values, variables })];
  }
  const shared = log.protocol === 'http' && !variablesOf(log.format.text).has('proxy_host') ? sharedPeers(facts) : [];
  return shared.map(([peer, names]) => finding('log_format_without_proxy_host', peer, log, { ...values, names }));
}

const longestFlushSeconds = 5;

function accessLogRules(facts: Facts): readonly Finding[] {
  return facts.accessLogs.flatMap(({ log, state }, index) => {
    if (isElsewhereToo(index, state, facts.configuration.accessSets, facts.accessLogs)) return [];
    const path = log.target.kind === 'file' ? log.target.path : log.target.kind;
    const findings = log.gzip
      ? [finding('log_compressed', path, log)]
      : [...stateRules(log, state, 'access_log', facts.identity.name)];
    if (!log.proxied) return findings;
    findings.push(...formatRules(log, index, facts));
    if (log.condition !== null) findings.push(finding('log_conditional', path, log, { condition: log.condition }));
    const flush = parseSeconds(log.flush ?? '');
    if (log.buffer !== null && !log.gzip && (flush === null || flush > longestFlushSeconds)) {
      findings.push(finding('log_buffered', path, log, { buffer: log.buffer, flush: log.flush ?? '' }));
    }
    return findings;
  });
}

/** One finding is enough for each file that switches its log off. */
function silentRules({ configuration }: Facts): readonly Finding[] {
  return configuration.silent.map(({ file, line, protocol }: Place & { readonly protocol: string }) =>
    finding('access_log_off', `${file}:${line}`, { file, line }, { protocol }),
  );
}

/** What nginx-upstream.conf names must be there: nobody but its author knows what was meant. */
function configuredRules({ configured, identity }: Facts): readonly Finding[] {
  return configured.flatMap(({ use, spec, state }) => {
    if (state.is === 'readable' || state.is === 'pattern') return [];
    const mode = state.is === 'unreadable' && state.barrier !== null ? barrierValues(state.barrier) : {};
    return [finding('configured_log_unusable', spec, null, { use, state: state.is, who: identity.name, ...mode })];
  });
}

export function logRules(facts: Facts): readonly Finding[] {
  return [...configuredRules(facts), ...errorLogRules(facts), ...accessLogRules(facts), ...silentRules(facts)];
}
