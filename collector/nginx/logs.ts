/** Which logs nginx writes, where, and in which format; an inner `error_log` or `access_log` replaces the outer ones. */
import { patternOfVariables } from '../base/glob.ts';
import { joinArguments } from './log-formats.ts';
import { passesOf } from './passes.ts';
import { inherited, ownOf, type Scope } from './scopes.ts';
import { completePath, normalisePath } from './syntax/paths.ts';
import type {
  AccessLog,
  BuildDefaults,
  ConfigurationProblem,
  Directive,
  ErrorLog,
  LogFormat,
  LogLevel,
  LogSet,
  LogTarget,
  Place,
  Protocol,
} from './types.ts';

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

/** Contexts in which requests end: these write logs. */
function writes(scope: Scope): boolean {
  return scope.kind !== 'main' && scope.kind !== 'http' && scope.kind !== 'stream' && scope.kind !== 'mail';
}

function isProxied(scope: Scope): boolean {
  return passesOf(scope).length > 0 || (scope.protocol === 'mail' && scope.kind === 'server');
}

function readErrorLog(directive: Directive, prefix: string, problems: ConfigurationProblem[]): ErrorLog {
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
  return { target: targetOf(path, prefix), level, proxied: false, byDefault: false, file, line };
}

/** The logs of directives, each with the number it has in the list; null is the default. */
function createLogList<L extends { readonly proxied: boolean }>() {
  const numbers = new Map<Directive | null, number>();
  const logs: L[] = [];
  return {
    logs,
    /** The number of the directive's log; `read` is asked the first time. */
    put(directive: Directive | null, proxied: boolean, read: () => L): number {
      const known = numbers.get(directive);
      const number = known ?? logs.length;
      numbers.set(directive, number);
      const log = logs[number] ?? read();
      if (known === undefined || (proxied && !log.proxied)) logs[number] = { ...log, proxied: log.proxied || proxied };
      return number;
    },
  };
}

/** Distinct sets of logs, with the places that write to them taken together. */
function createSets() {
  const sets = new Map<string, LogSet>();
  return {
    add(logs: readonly number[], proxied: boolean): void {
      const key = logs.join(' ');
      if (logs.length > 0) sets.set(key, { logs, proxied: proxied || sets.get(key)?.proxied === true });
    },
    all: (): readonly LogSet[] => [...sets.values()],
  };
}

/** Every error log that something writes to; the main one first. */
export function readErrorLogs(
  scopes: readonly Scope[],
  main: Place,
  build: BuildDefaults,
  problems: ConfigurationProblem[],
): { readonly logs: readonly ErrorLog[]; readonly sets: readonly LogSet[] } {
  const list = createLogList<ErrorLog>();
  const sets = createSets();
  const byDefault = (): ErrorLog => ({
    ...main,
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
  return { logs: list.logs, sets: sets.all() };
}

interface AccessReading {
  readonly logs: readonly AccessLog[];
  readonly sets: readonly LogSet[];
  readonly silent: readonly (Place & { readonly protocol: Protocol })[];
}

function option(parameters: readonly string[], name: string): string | null {
  const found = parameters.find((each) => each.startsWith(`${name}=`));
  return found === undefined ? null : found.slice(name.length + 1);
}

function readAccessLog(
  directive: Directive,
  protocol: Protocol,
  formats: readonly LogFormat[],
  prefix: string,
  problems: ConfigurationProblem[],
): AccessLog {
  const [path = '', formatName = 'combined', ...parameters] = directive.args;
  const { file, line } = directive;
  const format = formats.find((each) => each.protocol === protocol && each.name === formatName) ?? null;
  if (format === null) {
    problems.push({ code: 'invalid_value', file, line, text: `unknown log format "${formatName}"` });
  }
  const gzip = parameters.some((each) => each === 'gzip' || each.startsWith('gzip='));
  return {
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
function defaultLog(scope: Scope, formats: readonly LogFormat[], build: BuildDefaults): AccessLog {
  const { file, line } = scope.directive ?? { file: '', line: 0 };
  const format = formats.find((each) => each.protocol === 'http' && each.name === 'combined') ?? null;
  return {
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
function checkUnused(
  scopes: readonly Scope[],
  formats: readonly LogFormat[],
  build: BuildDefaults,
  problems: ConfigurationProblem[],
): void {
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
  formats: readonly LogFormat[],
  build: BuildDefaults,
  problems: ConfigurationProblem[],
): AccessReading {
  const list = createLogList<AccessLog>();
  const sets = createSets();
  const silent: (Place & { readonly protocol: Protocol })[] = [];
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
      silent.push({ file: opening.file, line: opening.line, protocol });
    }
  }
  return { logs: list.logs, sets: sets.all(), silent };
}
