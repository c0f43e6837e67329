/**
 * Changes to the arguments of a directive, as remedies print them: each changes what it says and keeps all else, in its
 * order. Pure.
 */

import { nginxLine } from '../../../base/syntax/nginx-words.ts';
import type { AccessLog, ErrorLog } from '../../../nginx/types.ts';

/** Refused connections are logged at `error`, missing sockets at `crit`. */
export const hidingLevels: ReadonlySet<string> = new Set(['crit', 'alert', 'emerg']);

/** The level of an error_log. */
export function withLevel(args: readonly string[], level: string): readonly string[] {
  return [args[0] ?? '', level];
}

/** The path of a log, or its `syslog:…`. */
export function withTarget(args: readonly string[], target: string): readonly string[] {
  return [target, ...args.slice(1)];
}

/** The format of an access_log: its second argument, before all parameters. */
export function withFormat(args: readonly string[], format: string): readonly string[] {
  return [args[0] ?? '', format, ...args.slice(2)];
}

/** Without a parameter, with a value or alone. */
export function without(args: readonly string[], name: string): readonly string[] {
  return args.filter((arg, at) => at === 0 || (arg !== name && !arg.startsWith(`${name}=`)));
}

/** Without `gzip`, which brought a buffer of 64k with it; `flush=` needs one. */
export function withoutGzip(args: readonly string[]): readonly string[] {
  const needsBuffer = args.some((arg) => arg.startsWith('flush=')) && !args.some((arg) => arg.startsWith('buffer='));
  return needsBuffer ? withParameter(without(args, 'gzip'), 'buffer', '64k') : without(args, 'gzip');
}

/** `name=value`, where the parameter stands, else at the end. */
export function withParameter(args: readonly string[], name: string, value: string): readonly string[] {
  const isIt = (arg: string, at: number): boolean => at > 0 && (arg === name || arg.startsWith(`${name}=`));
  const text = `${name}=${value}`;
  return args.some(isIt) ? args.map((arg, at) => (isIt(arg, at) ? text : arg)) : [...args, text];
}

/** `flush=` of an access_log. It needs a buffer, and parameters need a format before them. */
export function withFlush(args: readonly string[], flush: string): readonly string[] {
  return withParameter(args.length < 2 ? [...args, 'combined'] : args, 'flush', flush);
}

/** `server=` in `syslog:server=…,facility=…,tag=…`. */
export function withSyslogServer(args: readonly string[], server: string): readonly string[] {
  return withTarget(args, (args[0] ?? '').replace(/\bserver=[^,]*/, `server=${server}`));
}

/** The host in an address, with or without scheme, port and path. */
export function withHost(args: readonly string[], from: string, to: string): readonly string[] {
  const [address = '', ...rest] = args;
  const scheme = /^[a-z]+:\/\//i.exec(address)?.[0] ?? '';
  const behind = address.slice(scheme.length);
  return [behind.startsWith(from) ? `${scheme}${to}${behind.slice(from.length)}` : address, ...rest];
}

/** The same log as a file, and not the one that is none: links, FIFOs and folders stand at the usual path, too; an error_log at a level that shows failures. */
export function lineToFile(log: ErrorLog | AccessLog, use: string): string {
  const name = `${use.replace('_log', '')}.log`;
  const isTaken = log.target.kind === 'file' && log.target.path === `/var/log/nginx/${name}`;
  const args = withTarget(log.args, `/var/log/nginx/${isTaken ? 'upstream-' : ''}${name}`);
  const isUnfit = 'level' in log && (hidingLevels.has(log.level) || log.level === 'debug');
  return nginxLine(use, isUnfit ? withLevel(args, 'warn') : args);
}
