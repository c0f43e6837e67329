/** Which files a log is now. A file has several paths: a link, a pattern, the root of a container. */
import { addTo } from '../../base/collections.ts';
import { expandGlob } from '../../base/syntax/glob.ts';
import { matchingFiles } from '../../source/glob.ts';
import type { LogSpec } from '../../source/log-spec.ts';
import type { FileSystem } from '../../system/fs.ts';
import { lookAt } from '../../system/reach.ts';

export interface FilePorts {
  readonly fs: FileSystem;
  readonly hostPrefix: string;
}

/** What distinguishes the file at `path` from all others: device and inode, or the path while it does not exist. */
export function fileAt(path: string, { fs, hostPrefix }: FilePorts): string {
  const found = lookAt(fs, path, hostPrefix);
  return found.is === 'file' ? `${found.stat.dev} ${found.stat.ino}` : path;
}

/** The files that a log consists of now, each as `fileAt` names it; none where it is no file. */
export function filesOf(spec: LogSpec, ports: FilePorts): ReadonlySet<string> {
  switch (spec.is) {
    case 'file':
      return new Set([fileAt(spec.path, ports)]);
    case 'glob':
      return new Set(matchingFiles(ports.fs, spec).map((path) => fileAt(path, ports)));
    default:
      return new Set();
  }
}

/** Finds, of these logs, those that have a file in common with another, or would have once it exists. */
export function logsByFile<L extends { readonly log: LogSpec }>(
  logs: readonly L[],
  ports: FilePorts,
): (log: LogSpec) => readonly L[] {
  const byFile = new Map<string, L[]>();
  for (const each of logs) {
    for (const file of filesOf(each.log, ports)) addTo(byFile, file, each);
  }
  const patterns = logs.filter(({ log }) => log.is === 'glob');
  return (log) => {
    const found = new Set([...filesOf(log, ports)].flatMap((file) => byFile.get(file) ?? []));
    for (const each of patterns) if (isNamedBy(each.log, log)) found.add(each);
    if (log.is === 'glob') for (const each of logs) if (isNamedBy(log, each.log)) found.add(each);
    return [...found];
  };
}

/** Whether a pattern is one for the path of a file, whatever exists. */
function isNamedBy(pattern: LogSpec, file: LogSpec): boolean {
  if (pattern.is !== 'glob' || file.is !== 'file') return false;
  const nameIn = (folder: string): string | undefined => {
    const below = folder === '/' ? '/' : `${folder}/`;
    return file.path.startsWith(below) ? file.path.slice(below.length).split('/')[0] : undefined;
  };
  const { paths } = expandGlob(pattern.pattern, (folder) => [nameIn(folder) ?? ''].filter(Boolean));
  return paths.includes(file.path);
}
