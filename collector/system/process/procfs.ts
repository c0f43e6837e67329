/**
 * /proc, read synchronously: its files are made by the kernel in memory and never wait for a disk or a network. The
 * one that may be long is net/tcp; it is read in pieces, and how often is decided by what it costs
 * (aggregate/pace.ts).
 */
import { attempt, type FileSystem } from '../fs.ts';
import { readProcText } from '../small-file.ts';

export interface Procfs {
  /** Every process there is; empty when /proc cannot be listed. */
  pids(): readonly number[];
  /** The text of a file, `1234/status`, at most `limit` bytes; null when it is gone or may not be read. */
  text(path: string, limit?: number): string | null;
  /**
   * Hands a file over in pieces. `consume` says how many bytes of the piece it is done with; what is left comes again,
   * in front of the next piece. False when the file cannot be read to its end.
   */
  pieces(path: string, consume: (bytes: Buffer, end: number) => number): boolean;
  /**
   * How many descriptors a process has open. Since kernel 6.2 this is the size of /proc/PID/fd, which anyone may ask
   * (fs/proc/fd.c:proc_fd_getattr); before, the size is 0, and so is the answer. null when the process is gone.
   */
  openFiles(pid: number): number | null;
  /**
   * Distinguishes network namespaces: each has its own files under /proc/PID/net, so the inode of one of them names
   * it, also for those who may not read the links in /proc/PID/ns. null when the process is gone.
   */
  networkOf(pid: number | 'self'): string | null;
}

/** Hands over net/tcp of a process, and tcp6; false where tcp cannot be read. Without IPv6 in the kernel there is no tcp6. */
export function readTcpTables(
  { pieces }: Pick<Procfs, 'pieces'>,
  pid: number | 'self',
  consume: (bytes: Buffer, end: number) => number,
  withIpv6 = true,
): boolean {
  const isRead = pieces(`${pid}/net/tcp`, consume);
  if (isRead && withIpv6) pieces(`${pid}/net/tcp6`, consume);
  return isRead;
}

/** Most rows of net/tcp come in pages of 4 KiB: several are gathered before they are checked. */
const pieceSize = 65_536;
const page = 4_096;

/** @param root `/proc`, behind NETDATA_HOST_PREFIX where there is one */
export function createProcfs(fs: FileSystem, root: string): Procfs {
  let pieceBuffer: Buffer | null = null;

  function pieces(path: string, consume: (bytes: Buffer, end: number) => number): boolean {
    const opened = attempt(() => fs.open(`${root}/${path}`));
    if (!opened.ok) return false;
    pieceBuffer ??= Buffer.allocUnsafe(pieceSize);
    const buffer = pieceBuffer;
    let position = 0;
    let filled = 0;
    const read = attempt(() => {
      for (;;) {
        const got = fs.read(opened.value, buffer.subarray(filled), pieceSize - filled, position);
        position += got;
        filled += got;
        if (got > 0 && filled <= pieceSize - page) continue;
        const done = consume(buffer, filled);
        // A piece without an end can never be finished: it is dropped, and memory stays bounded.
        const left = done === 0 && filled === pieceSize ? 0 : filled - done;
        buffer.copyWithin(0, done, done + left);
        filled = left;
        if (got === 0) return;
      }
    });
    attempt(() => fs.close(opened.value));
    return read.ok;
  }

  return {
    pids() {
      const names = attempt(() => fs.readdir(root));
      return names.ok ? names.value.filter((name) => /^\d{1,10}$/.test(name)).map(Number) : [];
    },
    text(path, limit) {
      const read = readProcText(fs, `${root}/${path}`, limit);
      return read.ok ? read.value : null;
    },
    pieces,
    openFiles(pid) {
      const stat = attempt(() => fs.stat(`${root}/${pid}/fd`));
      return stat.ok ? stat.value.size : null;
    },
    networkOf(pid) {
      const stat = attempt(() => fs.stat(`${root}/${pid}/net/tcp`));
      return stat.ok ? `${stat.value.dev}:${stat.value.ino}` : null;
    },
  };
}
