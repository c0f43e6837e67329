/** Where a running php-fpm listens: its title names its main file, which everybody may read. */
import type { DiagnosePorts } from '../facts/ports.ts';
import { type HostFiles, namesIn, textAt } from './host-files.ts';

const mostFiles = 200;

/** The main file of php-fpm's master; null for another process. */
export function fpmConf(commandLine: string): string | null {
  return /^php-fpm: master process \((\/.*)\)/.exec(commandLine)?.[1] ?? null;
}

/** The values of a key in a file of php-fpm, with the name of the pool that each is in. */
export function fpmValues(text: string, key: 'listen' | 'include'): readonly string[] {
  const line = new RegExp(
    `^[ \\t]*(?:\\[(?<pool>[^\\]]+)\\]|${key}[ \\t]*=[ \\t]*"?(?<value>[^";\\r\\n]+?)"?[ \\t]*(?:;.*)?$)`,
    'gm',
  );
  let name = '';
  const values: string[] = [];
  for (const { groups } of text.matchAll(line)) {
    if (groups?.['pool'] !== undefined) name = groups['pool'];
    else values.push((groups?.['value'] ?? '').replaceAll('$pool', name));
  }
  return values;
}

/** `include=` names files, mostly all of one folder. */
function included(pattern: string, files: HostFiles): readonly string[] {
  const [, folder = '', name = ''] = /^(\/.*)\/([^/]+)$/.exec(pattern) ?? [];
  if (!name.startsWith('*')) return folder === '' ? [] : [pattern];
  const ending = name.slice(1);
  return namesIn(folder, files)
    .filter((each) => each.endsWith(ending))
    .map((each) => `${folder}/${each}`);
}

/** @returns sockets and ports as its pools have them: `/run/php/a.sock`, `127.0.0.1:9000` */
export function fpmListens(conf: string, files: HostFiles): readonly string[] {
  const textOf = (path: string): string => textAt(path, files);
  const main = textOf(conf);
  const more = fpmValues(main, 'include').flatMap((pattern) => included(pattern, files));
  return [main, ...more.slice(0, mostFiles).map(textOf)].flatMap((text) => fpmValues(text, 'listen'));
}

/** Sockets of all php-fpm that run among these processes. */
export function fpmSockets(
  pids: readonly number[],
  files: HostFiles & Pick<DiagnosePorts, 'proc'>,
): ReadonlySet<string> {
  const confs = new Set(pids.flatMap((pid) => fpmConf(files.proc.text(`${pid}/cmdline`) ?? '') ?? []));
  return new Set([...confs].flatMap((conf) => fpmListens(conf, files)).filter((each) => each.startsWith('/')));
}
