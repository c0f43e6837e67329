/**
 * The file system as the rest sees it: few calls, synchronous, errors thrown with Node's `code`.
 *
 * Synchronous is right here: one poll a tick reads what the kernel already holds in the page cache (nginx wrote it a
 * moment ago), and stat and /proc never wait for a disk. A promise per read would cost more than the read (about 1 µs),
 * and two polls could overlap.
 */
import * as nodeFs from 'node:fs';
import { foreignPath, linkBeneath, openBeneath, useBeneath } from './beneath.ts';

export type FileKind = 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'device';

export interface FileStat {
  readonly kind: FileKind;
  /** bigint: inode numbers of overlayfs, XFS and NFS do not fit a double. */
  readonly dev: bigint;
  readonly ino: bigint;
  readonly links: number;
  /** Bytes. */
  readonly size: number;
  /** Permission bits only, 0o640. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Milliseconds since 1970, of the file system's clock. */
  readonly modifiedMs: number;
  /** Of the last write, chmod, rename or unlink. */
  readonly changedMs: number;
  /** On a file system that does not keep it: 0, or the time of the last change. */
  readonly bornMs: number;
}

export interface FileSystem {
  /** Read-only, never waiting (a FIFO without a writer, a tty), never becoming a controlling terminal. */
  open(path: string): number;
  fstat(fd: number): FileStat;
  stat(path: string): FileStat;
  /** As stat, but about the symbolic link itself. */
  lstat(path: string): FileStat;
  /** Bytes read into the front of `into`, at most `length`; 0 at the end of the file. */
  read(fd: number, into: Buffer, length: number, position: number): number;
  close(fd: number): void;
  readlink(path: string): string;
  /** Whether the kernel makes up what is read here: a file of /proc, of /sys or of what is mounted there. */
  isOfKernel(fd: number): boolean;
  /** Names in a directory, in no particular order. */
  readdir(path: string): readonly string[];
}

/** What came of a call that may fail for reasons of the host: the value, or the error's code (`ENOENT`, `EACCES`, …). */
export type Attempted<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly code: string };

/** Runs one file-system call; its failure becomes a value. */
export function attempt<T>(call: () => T): Attempted<T> {
  try {
    return { ok: true, value: call() };
  } catch (error) {
    return { ok: false, code: codeOf(error) };
  }
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  // A path with a NUL, out of somebody's configuration: no file can have it.
  if (code === 'ERR_INVALID_ARG_VALUE') return 'ENOENT';
  // Node's other ERR_… codes are mistakes of the caller, not of the host.
  if (typeof code === 'string' && !code.startsWith('ERR_')) return code;
  throw error;
}

const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = nodeFs.constants;

/** statfs(2): proc, sysfs, cgroup, cgroup2, debugfs, tracefs, securityfs, configfs. */
const kernelTypes: ReadonlySet<number> = new Set([
  0x9fa0, 0x62656572, 0x27e0eb, 0x63677270, 0x64626720, 0x74726163, 0x73636673, 0x62656570,
]);

/** A path under another process's root is only ever reached inside that root, whoever asks (system/beneath.ts). */
export const nodeFileSystem: FileSystem = {
  open(path) {
    const foreign = foreignPath(path);
    return foreign === null ? nodeFs.openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY) : openBeneath(foreign);
  },
  fstat,
  stat(path) {
    const foreign = foreignPath(path);
    return foreign === null
      ? toStat(nodeFs.statSync(path, { bigint: true }))
      : useBeneath(foreign, true, (_, fd) => fstat(fd));
  },
  lstat(path) {
    const foreign = foreignPath(path);
    return foreign === null
      ? toStat(nodeFs.lstatSync(path, { bigint: true }))
      : useBeneath(foreign, false, (_, fd) => fstat(fd));
  },
  read: (fd, into, length, position) => nodeFs.readSync(fd, into, 0, length, position),
  close: (fd) => nodeFs.closeSync(fd),
  readlink(path) {
    const foreign = foreignPath(path);
    return foreign === null ? nodeFs.readlinkSync(path) : linkBeneath(foreign);
  },
  isOfKernel(fd) {
    const type = attempt(() => nodeFs.statfsSync(`/proc/self/fd/${fd}`).type);
    return type.ok && kernelTypes.has(type.value);
  },
  readdir(path) {
    const foreign = foreignPath(path);
    return foreign === null ? nodeFs.readdirSync(path) : useBeneath(foreign, true, (held) => nodeFs.readdirSync(held));
  },
};

function fstat(fd: number): FileStat {
  return toStat(nodeFs.fstatSync(fd, { bigint: true }));
}

function toStat(stats: nodeFs.BigIntStats): FileStat {
  return {
    kind: kindOf(stats),
    dev: stats.dev,
    ino: stats.ino,
    links: Number(stats.nlink),
    size: Number(stats.size),
    mode: Number(stats.mode) & 0o7777,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    modifiedMs: Number(stats.mtimeNs) / 1e6,
    changedMs: Number(stats.ctimeNs) / 1e6,
    bornMs: Number(stats.birthtimeNs) / 1e6,
  };
}

function kindOf(stats: nodeFs.BigIntStats): FileKind {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFIFO()) return 'fifo';
  return stats.isSocket() ? 'socket' : 'device';
}
