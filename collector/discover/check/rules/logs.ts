/** What of nginx's logs the plugin cannot see, and what the logs do not say. Pure. */

import { addTo } from '../../../base/collections.ts';
import { nginxLine } from '../../../base/syntax/nginx-words.ts';
import { parseSeconds } from '../../../nginx/syntax/values.ts';
import type { AccessLog, ErrorLog, LogFormat, LogSet, Place, Protocol, Upstream } from '../../../nginx/types.ts';
import type { CheckFacts } from '../facts.ts';
import { type FindingCode, finding, type UnwordedFinding } from '../finding.ts';
import { barrierValues, type LogState } from '../log-state.ts';
import { formatNamed } from '../words/remedies.ts';
import {
  hidingLevels,
  lineToFile,
  withFlush,
  withFormat,
  withLevel,
  without,
  withoutGzip,
  withSyslogServer,
} from './edits.ts';
import { costOf, neededVariables } from './format-costs.ts';

export function formatVariables(format: string): ReadonlySet<string> {
  return new Set(Array.from(format.matchAll(/\$(?:\{(\w+)\}|(\w+))/g), (match) => match[1] ?? match[2] ?? ''));
}

function missingIn(text: string, protocol: Protocol): readonly string[] {
  const there = formatVariables(text);
  return neededVariables(protocol).filter((name) => !there.has(name));
}

function missingVariables({ format, protocol }: AccessLog): readonly string[] {
  return missingIn(format?.text ?? '', protocol);
}

function saysAll({ text, protocol }: LogFormat): boolean {
  return missingIn(text, protocol).length === 0 && (protocol === 'stream' || formatVariables(text).has('proxy_host'));
}

function isLocal(server: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?$/.test(server);
}

function syslogCode({ server, unix }: Extract<LogState, { is: 'syslog' }>): FindingCode {
  if (unix) return 'log_syslog_unix';
  return isLocal(server) ? 'log_syslog_local' : 'log_syslog_remote';
}

function stateRules(
  log: ErrorLog | AccessLog,
  state: LogState,
  use: string,
  { identity: { user: who }, found }: CheckFacts,
): readonly UnwordedFinding[] {
  const path = log.target.kind === 'file' ? log.target.path : log.target.kind;
  const named = (
    code: UnwordedFinding['code'],
    subject: string,
    values: UnwordedFinding['values'] = {},
  ): readonly UnwordedFinding[] => [finding(code, subject, log, { use, written: String(!log.byDefault), ...values })];
  const one = (code: UnwordedFinding['code'], values: UnwordedFinding['values'] = {}) => named(code, path, values);
  const toFile = lineToFile(log, use);
  switch (state.is) {
    case 'readable':
    case 'pattern':
    case 'replaced':
      return [];
    case 'missing':
      return one('log_missing');
    case 'unreadable':
      return one('log_unreadable', { who, ...barrierValues(state) });
    case 'stream':
      return one('log_is_stream', {
        target: state.target,
        line: toFile,
        output: state.other == null ? (found.view.output?.spec ?? '') : '',
        driver: state.other?.driver ?? '',
        engine: state.other?.engine ?? '',
        container: state.other?.name ?? '',
      });
    case 'fifo':
      return one('log_is_fifo', { line: toFile });
    case 'folder':
      return one('log_is_folder', { line: toFile });
    case 'discarded':
      return one('log_discarded', { line: toFile });
    case 'memory':
      return one('log_in_memory', { line: toFile });
    case 'syslog':
      return named(syslogCode(state), state.server, {
        line: nginxLine(use, withSyslogServer(log.args, '127.0.0.1:5514')),
        file: toFile,
      });
  }
}

/** Another program's affair, where a file has everything. */
function hasFileBeside(at: number, sets: readonly LogSet[], logs: readonly { readonly state: LogState }[]): boolean {
  const own = sets.filter((set) => set.logs.includes(at));
  return own.length > 0 && own.every((set) => set.logs.some((other) => logs[other]?.state.is === 'readable'));
}

function isElsewhereToo(
  at: number,
  state: LogState,
  sets: readonly LogSet[],
  logs: CheckFacts['errorLogs' | 'accessLogs'],
) {
  return state.is === 'syslog' && isLocal(state.server) && hasFileBeside(at, sets, logs);
}

function errorLogRules(facts: CheckFacts): readonly UnwordedFinding[] {
  const { errorLogs, configuration } = facts;
  const { errorSets } = configuration;
  return errorLogs.flatMap(({ log, state }, index) => {
    if (isElsewhereToo(index, state, errorSets, errorLogs)) return [];
    const path = log.target.kind === 'file' ? log.target.path : log.target.kind;
    const findings = [...stateRules(log, state, 'error_log', facts)];
    if (!log.proxied || state.is === 'discarded') return findings;
    const line = nginxLine('error_log', withLevel(log.args, 'warn'));
    const values = { level: log.level, line, written: String(!log.byDefault) };
    if (hidingLevels.has(log.level)) findings.push(finding('error_log_hides_refusals', path, log, values));
    else if (log.level === 'error') findings.push(finding('error_log_hides_ejections', path, log, values));
    return findings;
  });
}

/** A log beside it that says all is enough: several access_log lines of one level all apply. */
function isCovered(index: number, { configuration }: CheckFacts): boolean {
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
      addTo(holders, peer, upstream);
    }
  }
  return holders;
}

/** Peers of more than one http upstream, with the names of these. */
function sharedPeers({ configuration }: CheckFacts): readonly (readonly [string, string])[] {
  const http = configuration.upstreams.filter(({ protocol }) => protocol === 'http');
  return [...holdersOf(http)].flatMap(([peer, holders]) => {
    const names = [...new Set(holders.map(({ name }) => name))];
    return names.length > 1 ? [[peer, names.join(', ')] as const] : [];
  });
}

/** The format to write by: one that is defined above and says all, else ours, by a name that is free. */
function formatFor(
  { file, line, protocol }: Place & { readonly protocol: Protocol },
  formats: readonly LogFormat[],
): { readonly name: string; readonly define: string } {
  const own = formats.filter((format) => format.protocol === protocol);
  const complete = own.find((format) => format.file === file && format.line < line && saysAll(format));
  if (complete !== undefined) return { name: complete.name, define: '' };
  const names = new Set(own.map(({ name }) => name));
  let name = 'nginx_upstream';
  for (let number = 2; names.has(name); number += 1) name = `nginx_upstream_${number}`;
  return { name, define: formatNamed(name, protocol) };
}

function formatRules(log: AccessLog, index: number, facts: CheckFacts): readonly UnwordedFinding[] {
  const missing = missingVariables(log);
  if (!log.proxied || log.format === null || isCovered(index, facts)) return [];
  const used = formatFor(log, facts.configuration.formats);
  const line = nginxLine('access_log', withFormat(log.args, used.name));
  const { protocol, formatName: format } = log;
  const values = { format, protocol, line, define: used.define, written: String(!log.byDefault) };
  if (missing.length > 0) {
    const variables = missing.map((name) => `$${name}`).join(', ');
    const told = {
      ...values,
      variables,
      cost: costOf(missing, protocol),
      isMinor: String(missing.join() === 'request_time'),
    };
    return [finding('log_format_without_upstream', log.formatName, log, told)];
  }
  const shared =
    log.protocol === 'http' && !formatVariables(log.format.text).has('proxy_host') ? sharedPeers(facts) : [];
  return shared.map(([peer, names]) => finding('log_format_without_proxy_host', peer, log, { ...values, names }));
}

const longestFlushSeconds = 5;

function accessLogRules(facts: CheckFacts): readonly UnwordedFinding[] {
  return facts.accessLogs.flatMap(({ log, state }, index) => {
    if (isElsewhereToo(index, state, facts.configuration.accessSets, facts.accessLogs)) return [];
    const path = log.target.kind === 'file' ? log.target.path : log.target.kind;
    const findings = log.gzip
      ? [finding('log_compressed', path, log, { line: nginxLine('access_log', withoutGzip(log.args)) })]
      : [...stateRules(log, state, 'access_log', facts)];
    if (!log.proxied) return findings;
    // What goes to no file shows nothing, whatever its format.
    if (state.is !== 'discarded') findings.push(...formatRules(log, index, facts));
    if (log.condition !== null) {
      const line = nginxLine('access_log', without(log.args, 'if'));
      findings.push(finding('log_conditional', path, log, { condition: log.condition, line }));
    }
    const flush = parseSeconds(log.flush ?? '');
    if (log.buffer !== null && !log.gzip && (flush === null || flush > longestFlushSeconds)) {
      const line = nginxLine('access_log', withFlush(log.args, '1s'));
      findings.push(finding('log_buffered', path, log, { buffer: log.buffer, flush: log.flush ?? '', line }));
    }
    return findings;
  });
}

/** One finding is enough for each file that switches its log off. */
function silentRules({ configuration }: CheckFacts): readonly UnwordedFinding[] {
  return configuration.silent.map(({ file, line, protocol, off }) => {
    const used = formatFor({ file, line, protocol }, configuration.formats);
    const access = nginxLine('access_log', ['/var/log/nginx/access.log', used.name]);
    const instead = off === null ? '' : `${off.file}:${off.line}`;
    return finding(
      'access_log_off',
      `${file}:${line}`,
      { file, line },
      { protocol, line: access, define: used.define, instead },
    );
  });
}

/** What nginx-upstream.conf names must be there: nobody but its author knows what was meant. */
function configuredRules({ configured, identity }: CheckFacts): readonly UnwordedFinding[] {
  return configured.flatMap(({ use, spec, state }) => {
    if (state.is === 'readable' || state.is === 'pattern') return [];
    const mode = state.is === 'unreadable' ? barrierValues(state) : {};
    return [finding('configured_log_unusable', spec, null, { use, state: state.is, who: identity.user, ...mode })];
  });
}

export function logRules(facts: CheckFacts): readonly UnwordedFinding[] {
  return [...configuredRules(facts), ...errorLogRules(facts), ...accessLogRules(facts), ...silentRules(facts)];
}
