/**
 * Files of another process's root, `/proc/PID/root/…`. Whoever owns that root may put a link to any path there, and
 * change it between two calls; the kernel would follow an absolute one out of that root into ours. So the way is walked
 * folder by folder by descriptor, links are followed by their text and only inside, and what is opened at the end is
 * what was checked.
 */

import * as nodeFs from 'node:fs';
import { lastPart } from '../base/paths.ts';

const { O_RDONLY, O_NONBLOCK, O_NOCTTY, O_NOFOLLOW, O_DIRECTORY } = nodeFs.constants;
/** O_PATH, which Node does not name: the same number on every Linux that Node runs on (asm-generic/fcntl.h). */
const O_PATH = 0o10000000;
/** Linux follows at most 40 links (path_resolution(7)). */
const mostLinks = 40;

export interface Foreign {
  /** `/proc/1234/root`, behind NETDATA_HOST_PREFIX where there is one. */
  readonly root: string;
  /** Begins with a slash. */
  readonly inside: string;
}

/**
 * null for a path of the own root. The first one counts: whatever lies under it belongs to that process.
 *
 * @throws ELOOP for a way through another of the kernel's own links (`/proc/self/cwd/x`, `/proc/1/fd/3/x`,
 * `/proc/1/task/1/root/x`): these lead out of any root, or mean whoever opens them
 */
export function foreignPath(path: string): Foreign | null {
  if (!path.includes('/proc/')) return null;
  const plain = path.replace(/\/(?:\.?\/)+/g, '/');
  const found = /^(.*?\/proc\/\d{1,10}\/root)(\/.*)$/.exec(plain);
  const own = found?.[1] ?? plain;
  if (throughMagic.test(found === null ? own : own.slice(0, -'/root'.length))) throw failure('ELOOP', path);
  return found === null ? null : { root: own, inside: found[2] ?? '' };
}

/** A link of /proc that the kernel follows by what it stands for, not by its text, with something behind it. */
const throughMagic = /\/proc\/(?:self|thread-self|\d+)(?:\/task\/\d+)?\/(?:root|cwd|exe|fd\/\d+|map_files\/[^/]+)\//;

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

/** A descriptor as a path: what it was opened from cannot be exchanged any more. */
function held(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

/** Where a walk has got to: the folders from the root down to here, all open. */
interface Walk {
  readonly folders: number[];
  readonly rest: string[];
  links: number;
}

/**
 * Opens what `inside` means to the process whose root is `root`, for stat and for being reopened, and hands it to `use`.
 * The descriptor is closed behind it.
 *
 * @param followLast as stat() does; false: as lstat(), the link itself
 * @throws with Node's `code`
 */
export function useBeneath<T>({ root, inside }: Foreign, followLast: boolean, use: (path: string, fd: number) => T): T {
  const walk: Walk = { folders: [], rest: parts(inside), links: 0 };
  let last = -1;
  try {
    // The root itself is the kernel's own link: following it is what is meant.
    walk.folders.push(nodeFs.openSync(root, O_PATH | O_DIRECTORY));
    while (last < 0) last = step(walk, followLast, inside);
    return use(held(last), last);
  } finally {
    for (const fd of new Set([...walk.folders, last])) if (fd >= 0) nodeFs.closeSync(fd);
  }
}

function parts(path: string): string[] {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .reverse();
}

/** One part further; the descriptor of the end, or -1 while there is more to walk. */
function step(walk: Walk, followLast: boolean, path: string): number {
  const here = walk.folders.at(-1) ?? -1;
  const part = walk.rest.pop();
  if (part === undefined) return here;
  if (part === '..') {
    if (walk.folders.length > 1) nodeFs.closeSync(walk.folders.pop() ?? -1);
    return -1;
  }
  const fd = nodeFs.openSync(`${held(here)}/${part}`, O_PATH | O_NOFOLLOW);
  const isLast = walk.rest.length === 0;
  if (!nodeFs.fstatSync(fd).isSymbolicLink()) {
    if (isLast) return fd;
    walk.folders.push(fd);
    return -1;
  }
  if (isLast && !followLast) return fd;
  nodeFs.closeSync(fd);
  follow(walk, nodeFs.readlinkSync(`${held(here)}/${part}`), path);
  return -1;
}

function follow(walk: Walk, target: string, path: string): void {
  walk.links += 1;
  if (walk.links > mostLinks) throw failure('ELOOP', path);
  if (target.startsWith('/')) for (const fd of walk.folders.splice(1)) nodeFs.closeSync(fd);
  walk.rest.push(...parts(target));
}

/**
 * Opens a regular file there for reading, never waiting. Devices and FIFOs are not opened: opening may already do
 * something.
 *
 * @throws with Node's `code`; EINVAL for what is no regular file
 */
export function openBeneath(foreign: Foreign): number {
  return useBeneath(foreign, true, (path, fd) => {
    const stats = nodeFs.fstatSync(fd);
    if (!stats.isFile()) throw failure(stats.isDirectory() ? 'EISDIR' : 'EINVAL', foreign.inside);
    return nodeFs.openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  });
}

/** The text of a link there. */
export function linkBeneath({ root, inside }: Foreign): string {
  const name = lastPart(inside);
  const folder = { root, inside: inside.slice(0, inside.length - name.length) };
  return useBeneath(folder, true, (path) => nodeFs.readlinkSync(`${path}/${name}`));
}
