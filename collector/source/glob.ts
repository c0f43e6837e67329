/** Paths that match a pattern, by the rules of a shell: `*`, `?`, `[a-z]`, per component; a leading dot is not matched. */
import { join } from 'node:path';
import { attempt, type FileSystem } from '../system/fs.ts';

/** More matches than this are not followed: each takes a descriptor. */
export const mostMatches = 256;

export function isGlob(path: string): boolean {
  return /[*?[]/.test(path);
}

/** nginx's `access_log /var/log/nginx/$host.access.log`: every value the variables may take. */
export function globOfVariables(path: string): string {
  return path.replace(/\$(\{\w+\}|\w+)/g, '*');
}

/** Sorted; empty when nothing matches. A directory that may not be listed has no matches. */
export function expandGlob(fs: FileSystem, pattern: string): readonly string[] {
  let found = [pattern.startsWith('/') ? '/' : '.'];
  for (const part of pattern.split('/').filter(Boolean)) {
    found = isGlob(part)
      ? found.flatMap((directory) => matchesIn(fs, directory, matcherOf(part)))
      : found.map((directory) => join(directory, part));
    if (found.length === 0) break;
  }
  return found.filter((path) => attempt(() => fs.lstat(path)).ok).sort();
}

function matchesIn(fs: FileSystem, directory: string, matcher: RegExp): string[] {
  const names = attempt(() => fs.readdir(directory));
  return names.ok ? names.value.filter((name) => matcher.test(name)).map((name) => join(directory, name)) : [];
}

function matcherOf(part: string): RegExp {
  const source = part.replace(/\[!?[^\]]+\]|[*?]|[.+^${}()|[\]\\]/g, (token) => {
    if (token === '*') return '[^/]*';
    if (token === '?') return '[^/]';
    if (token.length > 1) return token.replace('[!', '[^').replace(/\\/g, '\\\\');
    return `\\${token}`;
  });
  return new RegExp(`^${/^[*?[]/.test(part) ? '(?!\\.)' : ''}${source}$`);
}
