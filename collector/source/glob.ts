/** The files that match a pattern: of a log named in nginx-upstream.conf, or of a path with variables in nginx.conf. */
import { expandGlob } from '../base/glob.ts';
import { attempt, type FileSystem } from '../system/fs.ts';

/** More matches than this are not followed: each takes a descriptor. */
export const mostMatches = 256;

/** Sorted; empty when nothing matches. A directory that may not be listed has no matches. */
export function matchingFiles(fs: FileSystem, pattern: string): readonly string[] {
  const readFolder = (path: string): readonly string[] | null => {
    const names = attempt(() => fs.readdir(path));
    return names.ok ? names.value : null;
  };
  return expandGlob(pattern, readFolder).paths.filter((path) => attempt(() => fs.lstat(path)).ok);
}
