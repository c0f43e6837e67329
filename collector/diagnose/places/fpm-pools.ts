/** Where a running php-fpm listens: its title names its main file, which everybody may read. */
import { attempt } from '../../system/fs.ts';
import { readText } from '../../system/small-file.ts';
import type { DiagnosePorts } from '../facts/ports.ts';

type Files = Pick<DiagnosePorts, 'fs' | 'proc' | 'procRoot'>;

const mostBytes = 65_536;
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
function included(pattern: string, onHost: (path: string) => string, { fs }: Files): readonly string[] {
  const [, folder = '', name = ''] = /^(\/.*)\/([^/]+)$/.exec(pattern) ?? [];
  if (!name.startsWith('*')) return folder === '' ? [] : [pattern];
  const names = attempt(() => fs.readdir(onHost(folder)));
  const ending = name.slice(1);
  return (names.ok ? names.value : []).filter((each) => each.endsWith(ending)).map((each) => `${folder}/${each}`);
}

/** @returns sockets and ports as its pools have them: `/run/php/a.sock`, `127.0.0.1:9000` */
export function fpmListens(conf: string, files: Files): readonly string[] {
  const onHost = (path: string): string => files.procRoot.replace(/\/proc$/, '') + path;
  const textOf = (path: string): string => {
    const text = readText(files.fs, onHost(path), mostBytes);
    return text.ok ? text.value : '';
  };
  const main = textOf(conf);
  const more = fpmValues(main, 'include').flatMap((pattern) => included(pattern, onHost, files));
  return [main, ...more.slice(0, mostFiles).map(textOf)].flatMap((text) => fpmValues(text, 'listen'));
}

/** Sockets of all php-fpm that run among these processes. */
export function fpmSockets(pids: readonly number[], files: Files): ReadonlySet<string> {
  const confs = new Set(pids.flatMap((pid) => fpmConf(files.proc.text(`${pid}/cmdline`) ?? '') ?? []));
  return new Set([...confs].flatMap((conf) => fpmListens(conf, files)).filter((each) => each.startsWith('/')));
}
