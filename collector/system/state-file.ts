/**
 * A small file that outlives the process, replaced in one step: a reader finds the old text or the new one. Its folder
 * may be writable for others (Netdata's own user, while root runs `diagnose`), so nothing there is followed, waited for
 * or read without end: a link, a FIFO, a device and a file that is far too large count as damaged.
 */
import * as nodeFs from 'node:fs';
import { nodeFileSystem } from './fs.ts';
import { readOpen } from './small-file.ts';

export interface StateFile {
  readonly path: string;
  /** Throws with Node's `code`; EINVAL for what is no regular file, EFBIG for one that is too large. */
  read(): string;
  /** Throws with Node's `code`; the old text is then still there. */
  replace(text: string): void;
  /** Empties it where it is: an old text would be worse than none. Throws with Node's `code`. */
  empty(): void;
}

/** The largest checkpoint seen, with 1,000 logs, has a fiftieth of this. */
const largestState = 16 * 1024 * 1024;

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = nodeFs.constants;

export function nodeStateFile(path: string): StateFile {
  const fresh = `${path}.tmp`;
  return {
    path,
    read: () => withFile(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, readAll),
    replace(text) {
      // What a process before left half written, or somebody put there: removed, never opened.
      remove(fresh);
      // No fsync: the state is worth a second of counting, and a disk may take longer than a tick.
      withFile(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, (fd) => nodeFs.writeFileSync(fd, text));
      nodeFs.renameSync(fresh, path);
    },
    // Needs neither room on the disk nor the right to write to the folder.
    empty: () => withFile(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, (fd) => nodeFs.ftruncateSync(fd)),
  };
}

function remove(path: string): void {
  try {
    nodeFs.unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function withFile<T>(path: string, flags: number, use: (fd: number) => T): T {
  const fd = nodeFs.openSync(path, flags, 0o640);
  try {
    return use(fd);
  } finally {
    nodeFs.closeSync(fd);
  }
}

function readAll(fd: number): string {
  const stats = nodeFs.fstatSync(fd);
  if (!stats.isFile()) throw refused('EINVAL', 'no regular file');
  if (stats.size > largestState) throw refused('EFBIG', 'too large');
  // Up to the size it had: it must not grow under the reader.
  return readOpen(nodeFileSystem, fd, stats.size).toString('utf8');
}

function refused(code: string, text: string): Error {
  return Object.assign(new Error(`${code}: ${text}`), { code });
}
