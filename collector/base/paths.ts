/** The few path rules nginx has. Paths are POSIX; `node:path` is not available in a pure room. */

/** The folder a path is in, with no slash at its end (`/` for the root itself). */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  if (slash < 0) {
    return '.';
  }
  return slash === 0 ? '/' : path.slice(0, slash);
}

/** The last part of a path; empty behind a slash. */
export function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The folders on the way to a path, the outermost first, and the path itself; without the root. */
export function stepsTo(path: string): readonly string[] {
  const parts = path.split('/').slice(1);
  return parts.map((_, at) => `/${parts.slice(0, at + 1).join('/')}`);
}

/** `path` as nginx completes it: an absolute one stays, another is put behind `prefix` (ngx_get_full_name). */
export function completePath(prefix: string, path: string): string {
  if (path.startsWith('/')) {
    return path;
  }
  return prefix.endsWith('/') ? `${prefix}${path}` : `${prefix}/${path}`;
}

/** The same file under two spellings must be one: `//`, `/./` and `/x/../` are folded away. */
export function normalisePath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') {
      parts.pop();
    } else if (part !== '' && part !== '.') {
      parts.push(part);
    }
  }
  return path.startsWith('/') ? `/${parts.join('/')}` : parts.join('/');
}
