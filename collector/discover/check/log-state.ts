/** What a log is from where the plugin stands, found out without opening what must not be opened. */
import type { LogTarget } from '../../nginx/types.ts';
import { attempt, type FileStat, type FileSystem } from '../../system/fs.ts';
import type { Identity } from '../../system/identity.ts';
import type { NginxFound } from '../find/find-nginx.ts';
import { rootedPath } from '../find/rooted-path.ts';
import { placeOf } from '../find/view.ts';

/** Who is kept out by what: the first part of the path that does not let the plugin through. */
export interface Barrier {
  readonly path: string;
  readonly isFolder: boolean;
  readonly mode: number;
  /** The group that may pass, where there is one besides root. */
  readonly group: string | null;
}

export type LogState =
  | { readonly is: 'readable' }
  | { readonly is: 'missing' }
  | { readonly is: 'unreadable'; readonly barrier: Barrier | null }
  /** A symbolic link to `/dev/stdout` and the like, or `stderr` itself. */
  | { readonly is: 'stream'; readonly target: string }
  /** `replaced`: nginx-upstream.conf names other logs to read instead. */
  | { readonly is: 'fifo' | 'folder' | 'discarded' | 'memory' | 'pattern' | 'replaced' }
  | { readonly is: 'syslog'; readonly server: string; readonly unix: boolean };

function may(stat: FileStat, bit: 4 | 1, who: Identity): boolean {
  if (who.uid === 0) return true;
  if (stat.uid === who.uid) return (stat.mode & (bit << 6)) !== 0;
  return (stat.mode & (who.gids.includes(stat.gid) ? bit << 3 : bit)) !== 0;
}

/** The first folder that cannot be entered, or the file that cannot be read. Access lists are not seen. */
function findBarrier(fs: FileSystem, path: string, who: Identity): Barrier | null {
  const parts = path.split('/').slice(1);
  let here = '';
  for (const [at, part] of parts.entries()) {
    here = `${here}/${part}`;
    const isFolder = at < parts.length - 1;
    const stat = attempt(() => fs.stat(here));
    if (!stat.ok) return null;
    if (!may(stat.value, isFolder ? 1 : 4, who)) {
      const { mode, gid } = stat.value;
      const open = (mode & (isFolder ? 0o010 : 0o040)) !== 0 && gid !== 0;
      return { path: here, isFolder, mode, group: open ? who.groupName(gid) : null };
    }
  }
  return null;
}

function readability(fs: FileSystem, path: string, who: Identity): LogState {
  const barrier = findBarrier(fs, path, who);
  if (!who.isSelf) return barrier === null ? { is: 'readable' } : { is: 'unreadable', barrier };
  const opened = attempt(() => fs.open(path));
  if (!opened.ok) return { is: 'unreadable', barrier };
  fs.close(opened.value);
  return { is: 'readable' };
}

function fileState(fs: FileSystem, path: string, who: Identity): LogState {
  if (/^\/(dev\/(std|fd)|proc\/self)/.test(path)) return { is: 'stream', target: path };
  if (path.endsWith('/dev/null')) return { is: 'discarded' };
  const stat = attempt(() => fs.stat(path));
  if (!stat.ok) {
    const missing = stat.code === 'ENOENT' || stat.code === 'ENOTDIR';
    return missing ? { is: 'missing' } : { is: 'unreadable', barrier: findBarrier(fs, path, who) };
  }
  if (stat.value.kind === 'fifo') return { is: 'fifo' };
  if (stat.value.kind === 'directory') return { is: 'folder' };
  return stat.value.kind === 'file' ? readability(fs, path, who) : { is: 'stream', target: path };
}

/** A link of our own root: without a prefix nobody has followed it yet. */
function rooted(fs: FileSystem, path: string): string {
  return rootedPath(fs, '', path);
}

/** Of a path that nginx-upstream.conf names: it is a path of this host, whatever nginx's root is. */
export function configuredState(fs: FileSystem, path: string, who: Identity): LogState {
  return fileState(fs, rooted(fs, path), who);
}

export function logState(fs: FileSystem, found: NginxFound, target: LogTarget, who: Identity): LogState {
  switch (target.kind) {
    case 'stderr':
      return { is: 'stream', target: 'stderr' };
    case 'memory':
      return { is: 'memory' };
    case 'syslog':
      return { is: 'syslog', server: target.server, unix: target.server.startsWith('unix:') };
    case 'file':
      if (target.glob !== null) return { is: 'pattern' };
      return fileState(fs, rooted(fs, found.view.follow(placeOf(fs, found.view, target.path))), who);
  }
}
