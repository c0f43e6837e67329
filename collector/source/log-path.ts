/**
 * What stands at a log's path, found out without opening it: opening a FIFO makes a reader of us, and nginx's writes
 * then wait for us; opening /dev/stdout opens our own output, not nginx's.
 */
import { dirname, resolve } from 'node:path';
import { attempt, type FileKind, type FileStat, type FileSystem } from '../system/fs.ts';

export type LogPath =
  /** `at` is the path without symbolic links. */
  | { readonly is: 'file'; readonly stat: FileStat; readonly at: string }
  | { readonly is: 'absent' }
  /** A symbolic link (or a path) to a stream of whoever opens it: `/dev/stdout`, `/proc/self/fd/1`. */
  | { readonly is: 'stream'; readonly target: string }
  | { readonly is: 'other'; readonly kind: Exclude<FileKind, 'file' | 'symlink'> }
  /** stat failed: EACCES on a directory of the path, ELOOP, ESTALE, EIO, … */
  | { readonly is: 'error'; readonly code: string };

/** Linux follows at most 40 links (path_resolution(7)). */
const mostLinks = 40;
const streams = /^\/(dev\/(stdout|stderr|stdin|fd\/.*|tty)|proc\/(self|thread-self|\d+)\/fd\/.*)$/;

/**
 * @param root where the host's root directory is, for a Netdata in a container: absolute links of the host begin there.
 */
export function lookAt(fs: FileSystem, path: string, root = ''): LogPath {
  let here = path;
  for (let links = 0; links <= mostLinks; links += 1) {
    const onHost = root !== '' && here.startsWith(`${root}/`) ? here.slice(root.length) : here;
    if (streams.test(onHost)) return { is: 'stream', target: onHost };
    const found = attempt(() => fs.lstat(here));
    if (!found.ok) return missing(found.code);
    if (found.value.kind === 'file') return { is: 'file', stat: found.value, at: here };
    if (found.value.kind !== 'symlink') return { is: 'other', kind: found.value.kind };
    const target = attempt(() => fs.readlink(here));
    if (!target.ok) return missing(target.code);
    here = target.value.startsWith('/') ? root + resolve(target.value) : resolve(dirname(here), target.value);
  }
  return { is: 'error', code: 'ELOOP' };
}

function missing(code: string): LogPath {
  return code === 'ENOENT' || code === 'ENOTDIR' ? { is: 'absent' } : { is: 'error', code };
}
