/** The files that match a pattern: of a log named in nginx-upstream.conf, or of a path with variables in nginx.conf. */

import { folderOf } from '../base/paths.ts';
import { expandGlob } from '../base/syntax/glob.ts';
import { isContainerFolder } from '../system/docker.ts';
import { attempt, type FileSystem } from '../system/fs.ts';
import type { LogSpec } from './log-spec.ts';

/** More matches than this are not followed: each takes a descriptor. */
export const mostMatches = 256;

/** A pattern, and the container whose files alone are meant of all that it matches. */
export type Matching = Pick<Extract<LogSpec, { is: 'glob' }>, 'pattern' | 'container'>;

/** Sorted; empty when nothing matches. A directory that may not be listed has no matches. */
export function matchingFiles(fs: FileSystem, { pattern, container }: Matching): readonly string[] {
  const readFolder = (path: string): readonly string[] | null => {
    const names = attempt(() => fs.readdir(path));
    return names.ok ? names.value : null;
  };
  const found = expandGlob(pattern, readFolder).paths.filter((path) => attempt(() => fs.lstat(path)).ok);
  if (container === undefined) return found;
  return found.filter((path) => isContainerFolder(fs, folderOf(path), container));
}
