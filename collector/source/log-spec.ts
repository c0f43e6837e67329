/** Where a log is, as `nginx-upstream.conf` and nginx.conf write it (design: configuration). Pure. */
import { isIP } from 'node:net';
import { globOfVariables, isGlob } from './glob.ts';
import type { SourceProblem } from './source.ts';

export type LogSpec =
  | { readonly is: 'file'; readonly path: string; readonly wrapping: Wrapping }
  | { readonly is: 'glob'; readonly pattern: string; readonly wrapping: Wrapping }
  | { readonly is: 'syslog'; readonly address: string; readonly port: number }
  | { readonly is: 'journal'; readonly match: string }
  /** It cannot be read, by anybody or as written: with the ways out. */
  | { readonly is: 'unusable'; readonly problem: SourceProblem };

/** What a container runtime puts around each line. */
export type Wrapping = 'none' | 'docker' | 'cri';

const unixSyslog =
  'a datagram socket in the file system cannot be received here. Log to syslog:server=127.0.0.1:5514 and read ' +
  'syslog:udp://127.0.0.1:5514; or to a file; where the socket is /dev/log of journald, read journal:nginx';
const forms = 'a file or glob, syslog:udp://127.0.0.1:5514, docker:FILE, cri:FILE or journal:nginx';

/** Total: what is not understood is unusable. Variables of nginx in a path become `*`. */
export function parseLogSpec(text: string): LogSpec {
  const [, scheme = '', rest = ''] = /^(syslog|docker|cri|journal|memory):(.*)$/s.exec(text) ?? [];
  switch (scheme) {
    case 'docker':
    case 'cri':
      return rest === '' ? unusable('syntax', `${text}: no file is named; ${forms}`) : fileOrGlob(rest, scheme);
    case 'journal':
      return /^[\w@.:-]+$/.test(rest)
        ? { is: 'journal', match: rest }
        : unusable('syntax', `${text}: journal:NAME takes an identifier or a unit, as in journal:nginx`);
    case 'syslog':
      return syslog(text, rest);
    case 'memory':
      return unusable(
        'memory',
        `${text} is a buffer inside nginx that only a debugger can read: log to a file as well`,
      );
  }
  if (text === 'stderr') {
    return unusable(
      'stream',
      'stderr: read it where it arrives: journal:nginx for systemd, docker:FILE or cri:FILE for a container',
    );
  }
  return text === '' ? unusable('syntax', `an empty path; ${forms}`) : fileOrGlob(text, 'none');
}

function fileOrGlob(path: string, wrapping: Wrapping): LogSpec {
  const pattern = globOfVariables(path);
  return isGlob(pattern) ? { is: 'glob', pattern, wrapping } : { is: 'file', path, wrapping };
}

/** Ours is `udp://ADDRESS:PORT`; nginx's own is `server=ADDRESS[:514],…` or `server=unix:PATH,…`. */
function syslog(text: string, rest: string): LogSpec {
  const [, own, nginx] = /^(?:udp:\/\/(.+)|server=([^,]+).*)$/s.exec(rest) ?? [];
  if (nginx?.startsWith('unix:')) return unusable('unix_syslog', `${text}: ${unixSyslog}`);
  const [, bracketed, plain, digits = '514'] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(own ?? nginx ?? '') ?? [];
  const written = bracketed ?? plain ?? '';
  const address = written === 'localhost' ? '127.0.0.1' : written;
  const port = Number(digits);
  if (isIP(address) !== 0 && port <= 65_535) return { is: 'syslog', address, port };
  return unusable('syntax', `${text}: an address and a port are needed, as in syslog:udp://127.0.0.1:5514`);
}

function unusable(code: string, text: string): LogSpec {
  return { is: 'unusable', problem: { code, text } };
}
