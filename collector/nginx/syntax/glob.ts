/** Shell patterns as glob(3) reads them, over a folder port: what nginx's `include` uses (ngx_open_glob, no flags). */
import { completePath } from './paths.ts';

/** nginx looks for these three only (ngx_conf_include). */
export function isPattern(path: string): boolean {
  return /[*?[]/.test(path);
}

function bracketSource(pattern: string, from: number): { readonly source: string; readonly end: number } | null {
  const start = pattern[from + 1] === '!' || pattern[from + 1] === '^' ? from + 2 : from + 1;
  let end = pattern.indexOf(']', start + 1);
  if (pattern.startsWith('[:', start)) {
    end = pattern.indexOf(']', pattern.indexOf(':]', start) + 2);
  }
  if (end < 0) {
    return null;
  }
  const classes: Readonly<Record<string, string>> = {
    alpha: 'A-Za-z',
    digit: '0-9',
    alnum: 'A-Za-z0-9',
    upper: 'A-Z',
    lower: 'a-z',
    space: '\\s',
    xdigit: '0-9A-Fa-f',
  };
  const inside = pattern
    .slice(start, end)
    .replace(/[\\\]^]/g, '\\$&')
    .replace(/\[:([a-z]+):\]?/g, (_, name: string) => classes[name] ?? '')
    .replace(/\[/g, '\\[');
  return { source: start === from + 2 ? `[^/${inside}]` : `[${inside}]`, end };
}

function segmentSource(pattern: string): string {
  let source = '';
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern[at] ?? '';
    const bracket = char === '[' ? bracketSource(pattern, at) : null;
    if (bracket !== null) {
      source += bracket.source;
      at = bracket.end;
    } else if (char === '*') {
      source += '[^/]*';
    } else if (char === '?') {
      source += '[^/]';
    } else {
      const literal = char === '\\' && at + 1 < pattern.length ? pattern[++at] : char;
      source += (literal ?? '').replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
    }
  }
  return source;
}

/** A matcher for one path segment. A leading dot is matched by a dot only. Never throws: a bad range matches nothing. */
function segmentMatcher(pattern: string): (name: string) => boolean {
  try {
    const expression = new RegExp(`^${segmentSource(pattern)}$`, 'su');
    return (name) => (name.startsWith('.') ? pattern.startsWith('.') : true) && expression.test(name);
  } catch {
    return () => false;
  }
}

function byBytes(a: string, b: string): number {
  if (a === b) {
    return 0;
  }
  return a < b ? -1 : 1;
}

/**
 * The paths that match an absolute `pattern`, sorted as glob(3) sorts them in the C locale, and the folders that were
 * looked into.
 */
export function expandGlob(
  pattern: string,
  readFolder: (path: string) => readonly string[] | null,
): { readonly paths: readonly string[]; readonly folders: readonly string[] } {
  let found: string[] = ['/'];
  const folders: string[] = [];
  const segments = pattern.split('/').filter((segment) => segment !== '');
  for (const segment of segments) {
    if (!isPattern(segment)) {
      found = found.map((folder) => completePath(folder, segment));
      continue;
    }
    const matches = segmentMatcher(segment);
    const next: string[] = [];
    for (const folder of found) {
      folders.push(folder);
      for (const name of readFolder(folder) ?? []) {
        if (matches(name)) {
          next.push(completePath(folder, name));
        }
      }
    }
    found = next;
  }
  return { paths: found.sort(byBytes), folders };
}
