/**
 * A file system in memory: inode numbers are reused at once (as tmpfs and ext4 may do), and its clock moves with every
 * call that changes something, so that births have an order.
 */
import type { FileStat, FileSystem } from '../../collector/system/fs.ts';

interface Inode {
  readonly ino: number;
  readonly bornMs: number;
  data: Buffer;
  links: number;
  open: number;
  modifiedMs: number;
  changedMs: number;
}

export interface MemoryFs extends FileSystem {
  /** Opens for appending, creating the file when it is missing. */
  openToWrite(path: string): number;
  append(fd: number, text: string): void;
  rename(from: string, to: string): void;
  unlink(path: string): void;
  truncate(path: string): void;
  copy(from: string, to: string): void;
  exists(path: string): boolean;
  /** Descriptors that are open. */
  openCount(): number;
}

export function memoryFs(): MemoryFs {
  const names = new Map<string, Inode>();
  const handles = new Map<number, Inode>();
  const used = new Set<number>();
  let nextFd = 3;
  let time = 1_000;

  const fail = (code: string): never => {
    throw Object.assign(new Error(code), { code });
  };
  const at = (path: string): Inode => names.get(path) ?? fail('ENOENT');
  const of = (fd: number): Inode => handles.get(fd) ?? fail('EBADF');

  function create(path: string): Inode {
    let ino = 11;
    while (used.has(ino)) ino += 1;
    used.add(ino);
    time += 1;
    const inode = { ino, bornMs: time, data: Buffer.alloc(0), links: 1, open: 0, modifiedMs: time, changedMs: time };
    names.set(path, inode);
    return inode;
  }

  function forget(inode: Inode): void {
    if (inode.links === 0 && inode.open === 0) used.delete(inode.ino);
  }

  function handle(inode: Inode): number {
    inode.open += 1;
    nextFd += 1;
    handles.set(nextFd, inode);
    return nextFd;
  }

  function write(inode: Inode, data: Buffer): void {
    time += 1;
    inode.data = data;
    inode.modifiedMs = time;
    inode.changedMs = time;
  }

  function unlink(path: string): void {
    const inode = at(path);
    names.delete(path);
    time += 1;
    inode.links -= 1;
    inode.changedMs = time;
    forget(inode);
  }

  const toStat = (inode: Inode): FileStat => ({
    kind: 'file',
    dev: 1n,
    ino: BigInt(inode.ino),
    links: inode.links,
    size: inode.data.length,
    mode: 0o640,
    uid: 0,
    gid: 0,
    modifiedMs: inode.modifiedMs,
    changedMs: inode.changedMs,
    bornMs: inode.bornMs,
  });

  return {
    open: (path) => handle(at(path)),
    openToWrite: (path) => handle(names.get(path) ?? create(path)),
    fstat: (fd) => toStat(of(fd)),
    stat: (path) => toStat(at(path)),
    lstat: (path) => toStat(at(path)),
    read: (fd, into, length, position) =>
      of(fd)
        .data.subarray(position, position + length)
        .copy(into),
    close(fd) {
      const inode = of(fd);
      handles.delete(fd);
      inode.open -= 1;
      forget(inode);
    },
    readlink: () => fail('EINVAL'),
    isOfKernel: () => false,
    readdir: (directory) =>
      [...names.keys()]
        .filter((name) => name.startsWith(`${directory}/`))
        .map((name) => name.slice(directory.length + 1)),
    append: (fd, text) => write(of(fd), Buffer.concat([of(fd).data, Buffer.from(text)])),
    rename(from, to) {
      const inode = at(from);
      if (names.has(to)) unlink(to);
      names.delete(from);
      names.set(to, inode);
      time += 1;
      inode.changedMs = time;
    },
    unlink,
    truncate: (path) => write(at(path), Buffer.alloc(0)),
    copy: (from, to) => write(names.get(to) ?? create(to), Buffer.from(at(from).data)),
    exists: (path) => names.has(path),
    openCount: () => handles.size,
  };
}
