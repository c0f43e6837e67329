/** Which logs nginx writes, where, and in which format; an inner `error_log` or `access_log` replaces the outer ones. */

import { completePath, normalisePath } from '../../base/paths.ts';
import { patternOfVariables } from '../../base/syntax/glob.ts';
import type { Problems } from '../bounds.ts';
import { passesOf } from '../passes.ts';
import { inherited, ownOf, type Scope } from '../scopes.ts';
import type {
  AccessLog,
  BuildDefaults,
  Directive,
  ErrorLog,
  LogFormat,
  LogLevel,
  LogSet,
  LogTarget,
  Place,
  Protocol,
  SilentPlace,
} from '../types.ts';
import { joinArguments } from './formats.ts';
import { createLogList, createLogSets, withinBounds } from './sets.ts';

const levels: readonly LogLevel[] = ['debug', 'info', 'notice', 'warn', 'error', 'crit', 'alert', 'emerg'];

function targetOf(text: string, prefix: string): LogTarget {
  if (text === 'stderr') {
    return { kind: 'stderr' };
  }
  if (text.startsWith('memory:')) {
    return { kind: 'memory' };
  }
  if (text.startsWith('syslog:')) {
    const server = text
      .slice('syslog:'.length)
      .split(',')
      .find((part) => part.startsWith('server='));
    return { kind: 'syslog', server: server?.slice('server='.length) ?? '' };
  }
  const path = normalisePath(completePath(prefix, text));
  return { kind: 'file', path, glob: patternOfVariables(path) };
}

/** The path of a default as it may be written anywhere. */
function completeLog(text: string, prefix: string): string {
  const target = targetOf(text, prefix);
  return target.kind === 'file' ? target.path : text;
}

/** Contexts in which requests end: these write logs. */
function writes(scope: Scope): boolean {
  return scope.kind !== 'main' && scope.kind !== 'http' && scope.kind !== 'stream' && scope.kind !== 'mail';
}

function isProxied(scope: Scope): boolean {
  return passesOf(scope).length > 0 || (scope.protocol === 'mail' && scope.kind === 'server');
}

function readErrorLog(directive: Directive, prefix: string, problems: Problems): ErrorLog {
  const [path = '', ...rest] = directive.args;
  const { file, line } = directive;
  let level: LogLevel = 'error';
  for (const word of rest) {
    const known = levels.find((each) => each === word || (each === 'debug' && word.startsWith('debug_')));
    if (known === undefined) {
      problems.push({ code: 'invalid_value', file, line, text: `invalid log level "${word}"` });
    }
    level = known ?? level;
  }
  const { args } = directive;
  return { args, target: targetOf(path, prefix), level, proxied: false, byDefault: false, file, line };
}

/** Every error log that something writes to; the main one first. */
export function readErrorLogs(
  scopes: readonly Scope[],
  main: Place,
  build: BuildDefaults,
  problems: Problems,
): { readonly logs: readonly ErrorLog[]; readonly sets: readonly LogSet[] } {
  const list = createLogList<ErrorLog>();
  const sets = createLogSets();
  const byDefault = (): ErrorLog => ({
    ...main,
    args: [completeLog(build.errorLogPath, build.prefix)],
    target: targetOf(build.errorLogPath, build.prefix),
    level: 'error',
    proxied: false,
    byDefault: true,
  });
  for (const scope of scopes.filter((each) => each.kind === 'main' || writes(each))) {
    const stated: readonly (Directive | null)[] = inherited(scope, 'error_log');
    const effective = stated.length > 0 ? stated : [null];
    const proxied = isProxied(scope);
    const read = (directive: Directive | null) =>
      directive === null ? byDefault() : readErrorLog(directive, build.prefix, problems);
    sets.add(
      effective.map((directive) => list.put(directive, proxied, () => read(directive))),
      proxied,
    );
  }
  return withinBounds(list.logs, sets.all(), 'error logs', problems);
}

/** By protocol and name; the first of a name is the one, as nginx refuses a second. */
type Formats = ReadonlyMap<string, LogFormat>;

function byName(formats: readonly LogFormat[]): Formats {
  return new Map([...formats].reverse().map((format) => [`${format.protocol} ${format.name}`, format]));
}

interface AccessReading {
  readonly logs: readonly AccessLog[];
  readonly sets: readonly LogSet[];
  readonly silent: readonly SilentPlace[];
}

function option(parameters: readonly string[], name: string): string | null {
  const found = parameters.find((each) => each.startsWith(`${name}=`));
  return found === undefined ? null : found.slice(name.length + 1);
}

function readAccessLog(
  directive: Directive,
  protocol: Protocol,
  formats: Formats,
  prefix: string,
  problems: Problems,
): AccessLog {
  const [path = '', formatName = 'combined', ...parameters] = directive.args;
  const { file, line } = directive;
  const format = formats.get(`${protocol} ${formatName}`) ?? null;
  if (format === null) {
    problems.push({ code: 'invalid_value', file, line, text: `unknown log format "${formatName}"` });
  }
  const gzip = parameters.some((each) => each === 'gzip' || each.startsWith('gzip='));
  return {
    args: directive.args,
    target: targetOf(joinArguments([path]), prefix),
    protocol,
    format,
    formatName,
    condition: option(parameters, 'if'),
    gzip,
    buffer: option(parameters, 'buffer') ?? (gzip ? '64k' : null),
    flush: option(parameters, 'flush'),
    proxied: false,
    byDefault: false,
    file,
    line,
  };
}

/** What http does where nothing is written. */
function defaultLog(scope: Scope, formats: Formats, build: BuildDefaults): AccessLog {
  const { file, line } = scope.directive ?? { file: '', line: 0 };
  const format = formats.get('http combined') ?? null;
  return {
    args: [completeLog(build.httpLogPath, build.prefix)],
    target: targetOf(build.httpLogPath, build.prefix),
    protocol: 'http',
    format,
    formatName: 'combined',
    condition: null,
    gzip: false,
    buffer: null,
    flush: null,
    proxied: false,
    byDefault: true,
    file,
    line,
  };
}

/** What a request that ends in `scope` is written to; `off` at a level switches all of that level off. */
export function effectiveLogs(scope: Scope): readonly (Directive | null)[] {
  const stated = inherited(scope, 'access_log');
  if (stated.length > 0) return stated.some((each) => each.args[0] === 'off') ? [] : stated;
  return scope.protocol === 'http' ? [null] : [];
}

/** nginx also refuses what nothing writes to. */
function checkUnused(scopes: readonly Scope[], formats: Formats, build: BuildDefaults, problems: Problems): void {
  const written = new Set(scopes.filter(writes).flatMap(effectiveLogs));
  for (const scope of scopes) {
    const unused = ownOf(scope, 'access_log').filter((each) => each.args[0] !== 'off' && !written.has(each));
    const { protocol } = scope;
    if (protocol === null || protocol === 'mail') continue;
    for (const directive of unused) readAccessLog(directive, protocol, formats, build.prefix, problems);
  }
}

/** Every access log that some server or location writes to. */
export function readAccessLogs(
  scopes: readonly Scope[],
  written: readonly LogFormat[],
  build: BuildDefaults,
  problems: Problems,
): AccessReading {
  const formats = byName(written);
  const list = createLogList<AccessLog>();
  const sets = createLogSets();
  const silent: SilentPlace[] = [];
  checkUnused(scopes, formats, build, problems);
  for (const scope of scopes.filter(writes)) {
    const { protocol, directive: opening } = scope;
    if (protocol === null || protocol === 'mail') continue;
    const proxied = isProxied(scope);
    const read = (directive: Directive | null) =>
      directive === null
        ? defaultLog(scope, formats, build)
        : readAccessLog(directive, protocol, formats, build.prefix, problems);
    const set = effectiveLogs(scope).map((directive) => list.put(directive, proxied, () => read(directive)));
    sets.add(set, proxied);
    if (proxied && set.length === 0 && opening !== null) {
      const [off = null] = ownOf(scope, 'access_log').filter(({ args }) => args[0] === 'off');
      const place = off === null ? null : { file: off.file, line: off.line };
      silent.push({ file: opening.file, line: opening.line, protocol, off: place });
    }
  }
  return { ...withinBounds(list.logs, sets.all(), 'access logs', problems), silent };
}
