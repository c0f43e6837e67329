/**
 * What stands at a path, found out without opening it; who is kept out by what; and the one remedy. Opening a FIFO makes
 * a reader of us, and nginx's writes then wait for us; opening /dev/stdout opens our own output, not nginx's.
 */

import { dirname, resolve } from 'node:path';
import { stepsTo } from '../base/paths.ts';
import { shellWord } from '../base/syntax/shell-word.ts';
import { type Foreign, foreignPath } from './beneath.ts';
import { attempt, type FileKind, type FileStat, type FileSystem } from './fs.ts';

export type Standing =
  /** `at` is the path without symbolic links at its end. */
  | { readonly is: 'file'; readonly stat: FileStat; readonly at: string }
  | { readonly is: 'absent' }
  /** A symbolic link (or a path) to a stream of whoever opens it: `/dev/stdout`, `/proc/self/fd/1`. */
  | { readonly is: 'stream'; readonly target: string }
  | { readonly is: 'other'; readonly kind: Exclude<FileKind, 'file' | 'symlink'> }
  /** stat failed: EACCES on a directory of the path, ELOOP, ESTALE, EIO, … */
  | { readonly is: 'error'; readonly code: string };

/** Through it a link would leave the root that it stands in. */
const anyRoot = /^\/proc\/\d+\/root(?:\/|$)/;
/** Every call about a path behind it fails with ELOOP (system/beneath.ts). */
const noWay = '/proc/1/exe';
/** Linux follows at most 40 links (path_resolution(7)). */
const mostLinks = 40;
/** What lies there is another file for each who opens it, or a process's own: never opened. */
const openers =
  /^\/(?:dev\/(?:std(?:out|err|in)|fd|tty)|proc\/(?:self|thread-self|\d+\/(?:task\/\d+\/)?(?:fd|cwd)))(?:\/|$)/;
/** One stream itself, with nothing behind its name. */
const stream = /^\/(?:dev\/(?:std(?:out|err|in)|tty|fd\/\d+)|proc\/(?:self|thread-self|\d+)(?:\/task\/\d+)?\/fd\/\d+)$/;

/**
 * What `path` leads to. Only links at its end are checked one by one: a tick asks for every log.
 *
 * @param root where the host's root directory is, for a Netdata in a container: absolute links of the host begin there
 */
export function lookAt(fs: FileSystem, path: string, root = ''): Standing {
  let here = path.replace(/\/(?:\.?\/)+/g, '/');
  for (let links = 0; links <= mostLinks; links += 1) {
    const { above, onHost } = insideOf(here, root);
    if (openers.test(onHost)) return { is: 'stream', target: onHost };
    const found = attempt(() => fs.lstat(here));
    if (!found.ok) return missing(found.code);
    if (found.value.kind === 'file') return { is: 'file', stat: found.value, at: here };
    if (found.value.kind !== 'symlink') return { is: 'other', kind: found.value.kind };
    const target = attempt(() => fs.readlink(here));
    if (!target.ok) return missing(target.code);
    const next = resolve(dirname(onHost), target.value);
    if (above !== '' && anyRoot.test(next)) return { is: 'stream', target: next };
    // A relative link beside the root stays beside it.
    here = onHost !== here || target.value.startsWith('/') ? above + next : next;
  }
  return { is: 'error', code: 'ELOOP' };
}

/** A link in another process's root, be it the log's own, means that root and stays in it. */
function insideOf(path: string, root: string): { readonly above: string; readonly onHost: string } {
  const above = otherRoot(path)?.root ?? root;
  return { above, onHost: above !== '' && path.startsWith(`${above}/`) ? path.slice(above.length) : path };
}

/** The other process's root that a path lies in; null for one of the own root, and for a way that is closed. */
function otherRoot(path: string): Foreign | null {
  const found = attempt(() => foreignPath(path));
  return found.ok ? found.value : null;
}

function missing(code: string): Standing {
  return isMissing(code) ? { is: 'absent' } : { is: 'error', code };
}

/** The code of a call about a path that is not there. */
export function isMissing(code: string): boolean {
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/**
 * Where `path`, as a process whose root is `root` means it, lies for us: absolute links inside point into that root, not
 * into ours. Parts that do not exist are left unchanged. A path that is a stream of its opener and nothing more
 * (`/dev/stdout`, `/proc/self/fd/1`) is given without the root: it is nobody's file, and never opened. `/proc/PID/root` is
 * stayed under.
 */
export function rootedPath(fs: FileSystem, root: string, path: string): string {
  const other = root === '' ? otherRoot(path) : null;
  if (other !== null) return rootedPath(fs, other.root, other.inside);
  const done: string[] = [];
  const rest = path.split('/').reverse();
  let links = 0;
  for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      done.pop();
      continue;
    }
    const inside = `/${[...done, part].join('/')}`;
    const unopened = openersPath(root, inside, rest);
    if (unopened !== null) return unopened;
    const target = attempt(() => fs.readlink(root + inside));
    if (!target.ok) {
      done.push(part);
      continue;
    }
    links += 1;
    if (links > mostLinks) return noWay + root + inside;
    if (target.value.startsWith('/')) done.length = 0;
    rest.push(...target.value.split('/').reverse());
  }
  return `${root}/${done.join('/')}`;
}

/** A path that the walk ends with, because it is never opened; null for all others. */
function openersPath(root: string, inside: string, rest: readonly string[]): string | null {
  const isEnd = rest.every((each) => each === '' || each === '.');
  if (isEnd && stream.test(inside)) return inside;
  // No root to leave: what it leads to is ours, not nginx's, and is refused by its name.
  return root === '' && openers.test(inside) ? [inside, ...[...rest].reverse()].join('/') : null;
}

/** Whose rights decide. */
export interface Rights {
  readonly uid: number;
  readonly gids: readonly number[];
}

/**
 * Whether the mode lets this user through: 4 to read, 2 to connect to a socket, 1 to enter a folder. Access lists are
 * not seen: where a user can be tried, trying is better.
 */
export function allows({ mode, uid, gid }: FileStat, who: Rights, bit: 1 | 2 | 4): boolean {
  if (who.uid === 0) return true;
  const shift = who.uid === uid ? 6 : who.gids.includes(gid) ? 3 : 0;
  return ((mode >> shift) & bit) !== 0;
}

/** What keeps a user out: a folder that cannot be entered, or the file itself. */
export interface Barrier {
  readonly path: string;
  readonly isFolder: boolean;
  readonly stat: FileStat;
}

export interface Reader extends Rights {
  readonly user: string;
  groupName(gid: number): string;
  /** Makes one call with this user's rights; null where that cannot be done, and the modes have to decide. */
  readonly trial: (<T>(call: () => T) => T) | null;
}

/** Everything on the way to `path` that keeps this reader from reading it, the first one first; empty: it may. */
export function barriersTo(fs: FileSystem, path: string, who: Reader): readonly Barrier[] {
  return stepsTo(path).flatMap((here): readonly Barrier[] => {
    const isFolder = here !== path;
    const stat = attempt(() => fs.stat(here));
    if (!stat.ok || mayPass(fs, here, stat.value, isFolder, who)) return [];
    return [{ path: here, isFolder, stat: stat.value }];
  });
}

/** By trying, which sees access lists too; behind a folder that is closed already, by the mode. */
function mayPass(fs: FileSystem, path: string, stat: FileStat, isFolder: boolean, who: Reader): boolean {
  const { trial } = who;
  const byMode = allows(stat, who, isFolder ? 1 : 4);
  if (trial === null) return byMode;
  const tried = attempt(() => trial(() => (isFolder ? fs.stat(`${path}/.`) : closed(fs, fs.open(path)))));
  if (tried.ok || (tried.code !== 'EACCES' && tried.code !== 'EPERM')) return true;
  return byMode && !attempt(() => trial(() => fs.stat(path))).ok;
}

function closed(fs: FileSystem, fd: number): void {
  fs.close(fd);
}

const aclPrograms = ['/usr/bin/setfacl', '/bin/setfacl'];

/**
 * The commands that let the reader through, one a line. A group that may pass already is joined. Else an access list
 * names the reader: it survives a chmod by whoever owns the file, and the folder's default one also covers the file that
 * follows after a rotation. Root's group is never a remedy: it gives more than a log.
 */
export function readRemedy(
  fs: FileSystem,
  barriers: readonly Barrier[],
  { user, groupName }: Pick<Reader, 'user' | 'groupName'>,
): readonly string[] {
  const groups = new Set<string>();
  const lists: string[] = [];
  for (const { path, isFolder, stat } of barriers) {
    if (stat.gid !== 0 && (stat.mode & (isFolder ? 0o010 : 0o040)) !== 0) groups.add(groupName(stat.gid));
    else if (isFolder) lists.push(`setfacl -m u:${user}:x ${shellWord(path)}`);
    else {
      lists.push(`setfacl -m u:${user}:r ${shellWord(path)}`);
      lists.push(`setfacl -d -m u:${user}:r ${shellWord(dirname(path))}    # for the file after the next rotation`);
    }
  }
  const hasAcl = lists.length === 0 || aclPrograms.some((program) => attempt(() => fs.stat(program)).ok);
  return [
    ...(hasAcl ? [] : ['apt install acl    # setfacl is not installed here; its package is acl everywhere']),
    ...lists,
    ...Array.from(groups, (group) => `usermod -aG ${shellWord(group)} ${user}`),
    ...(groups.size === 0 ? [] : ['systemctl restart netdata    # a process gets its groups when it starts']),
  ];
}
