/** Where a log is and how it is read: out of what `nginx-upstream.conf` says, and into its words. Pure. */
import { isIP, isIPv6 } from 'node:net';
import { isPattern, patternOfVariables } from '../base/syntax/glob.ts';
import type { SourceProblem } from './source.ts';

export type LogSpec =
  | { readonly is: 'file'; readonly path: string; readonly wrapping: Wrapping }
  | {
      readonly is: 'glob';
      readonly pattern: string;
      readonly wrapping: Wrapping;
      /** Of the files that match, those of docker's container with this name: it is made anew, and has another file. */
      readonly container?: string;
    }
  | { readonly is: 'syslog'; readonly address: string; readonly port: number }
  | { readonly is: 'journal'; readonly match: string }
  /** It cannot be read, by anybody or as written: with the ways out. */
  | { readonly is: 'unusable'; readonly name: string; readonly problem: SourceProblem };

/** What a container runtime puts around each line. */
export type Wrapping = 'none' | 'docker' | 'cri';

const unixSyslog =
  'a datagram socket in the file system cannot be received here. Log to syslog:server=127.0.0.1:5514 and read ' +
  'syslog:udp://127.0.0.1:5514; or to a file; where the socket is /dev/log of journald, read journal:nginx';
const forms = 'a file or glob, syslog:udp://127.0.0.1:5514, docker:NAME, docker:FILE, cri:FILE or journal:nginx';

/** Total: what is not understood is unusable. Variables of nginx in a path become `*`; `\` takes a character literally. */
export function parseLogSpec(text: string): LogSpec {
  const [, scheme = '', rest = ''] = /^(syslog|docker|cri|journal|memory):(.*)$/s.exec(text) ?? [];
  switch (scheme) {
    case 'docker':
    case 'cri':
      if (scheme === 'docker' && containerName.test(rest)) return ofContainer(rest);
      return rest === '' ? unusable(text, 'syntax', `${text}: no file is named; ${forms}`) : fileOrGlob(rest, scheme);
    case 'journal':
      return /^[\w@.:-]+$/.test(rest)
        ? { is: 'journal', match: rest }
        : unusable(text, 'syntax', `${text}: journal:NAME takes an identifier or a unit, as in journal:nginx`);
    case 'syslog':
      return rest.startsWith('server=') ? nginxSyslog(rest.slice('server='.length)) : syslog(text, rest);
    case 'memory':
      return unusable(
        text,
        'memory',
        `${text} is a buffer inside nginx that only a debugger can read: log to a file as well`,
      );
  }
  if (text === 'stderr') {
    return unusable(
      text,
      'stream',
      'stderr: read it where it arrives: journal:nginx for systemd, docker:FILE or cri:FILE for a container',
    );
  }
  return text === '' ? unusable(text, 'syntax', `an empty path; ${forms}`) : fileOrGlob(text, 'none');
}

/** What `parseLogSpec` reads the same log from: it names the log wherever it is spoken of, and no other has this name. */
export function specText(spec: LogSpec): string {
  switch (spec.is) {
    case 'file':
      return prefixOf(spec.wrapping) + spec.path.replace(/[*?[\]\\$]/g, '\\$&');
    case 'glob':
      if (spec.container !== undefined) return `docker:${spec.container}`;
      return prefixOf(spec.wrapping) + spec.pattern;
    case 'syslog':
      return `syslog:udp://${isIPv6(spec.address) ? `[${spec.address}]` : spec.address}:${spec.port}`;
    case 'journal':
      return `journal:${spec.match}`;
    case 'unusable':
      return spec.name;
  }
}

/** As docker takes names; a file has a slash. */
const containerName = /^[A-Za-z0-9][\w.-]{0,127}$/;

/** Where docker keeps what its containers write, by its default driver. */
export const dockerLogs = '/var/lib/docker/containers/*/*-json.log';

function ofContainer(container: string): LogSpec {
  return { is: 'glob', pattern: dockerLogs, wrapping: 'docker', container };
}

function prefixOf(wrapping: Wrapping): string {
  return wrapping === 'none' ? '' : `${wrapping}:`;
}

function fileOrGlob(text: string, wrapping: Wrapping): LogSpec {
  const parts = text.split(/(\\.)/s);
  // Every other part is an escaped character.
  const pattern = parts.map((part, at) => (at % 2 === 1 ? part : withVariables(part))).join('');
  if (parts.some((part, at) => at % 2 === 0 && isPattern(withVariables(part))))
    return { is: 'glob', pattern, wrapping };
  return { is: 'file', path: text.replace(/\\(.)/gs, '$1'), wrapping };
}

function withVariables(text: string): string {
  return text.replace(/\$(\{\w+\}|\w+)/g, '*');
}

/** A file of nginx's configuration: only the variables in its path stand for anything. */
export function nginxFile(path: string, hasVariables: boolean): LogSpec {
  const pattern = hasVariables ? patternOfVariables(path) : null;
  return pattern === null ? { is: 'file', path, wrapping: 'none' } : { is: 'glob', pattern, wrapping: 'none' };
}

/**
 * nginx's own `syslog:server=ADDRESS[:514]` or `syslog:server=unix:PATH`. Whoever is meant to receive it, the port is
 * not ours to take: it is bound only where nginx-upstream.conf says so.
 */
export function nginxSyslog(parameters: string): LogSpec {
  const [server = ''] = parameters.split(',');
  const text = `syslog:server=${server}`;
  if (server.startsWith('unix:')) return unusable(text, 'unix_syslog', `${text}: ${unixSyslog}`);
  const target = addressOf(server);
  if (target === null) return unusable(text, 'syslog_elsewhere', `${text} is sent away: log to a file as well`);
  return unusable(
    text,
    'not_bound',
    `${text} may belong to another program, so it is not listened to. If nothing else does, write ` +
      `${specText(target)} into nginx-upstream.conf; else let nginx log to a file as well`,
  );
}

/** Ours is `udp://ADDRESS:PORT`. */
function syslog(text: string, rest: string): LogSpec {
  const own = /^udp:\/\/(.+)$/s.exec(rest)?.[1];
  return (
    addressOf(own ?? '') ??
    unusable(text, 'syntax', `${text}: an address and a port are needed, as in syslog:udp://127.0.0.1:5514`)
  );
}

/** null for a name other than localhost: where it leads changes. */
function addressOf(text: string): Extract<LogSpec, { is: 'syslog' }> | null {
  const [, bracketed, plain, digits = '514'] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text) ?? [];
  const written = bracketed ?? plain ?? '';
  const address = written === 'localhost' ? '127.0.0.1' : written;
  const port = Number(digits);
  return isIP(address) !== 0 && port <= 65_535 ? { is: 'syslog', address, port } : null;
}

function unusable(name: string, code: string, text: string): LogSpec {
  return { is: 'unusable', name, problem: { code, text } };
}
