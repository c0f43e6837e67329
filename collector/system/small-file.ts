/** Small complete files, and ends of large ones, through the file-system port: configuration, /proc, a program's text. */
import { type Attempted, attempt, type FileSystem } from './fs.ts';

/** More than any configuration file or table of /proc that is read here. */
const largestText = 16 * 1024 * 1024;
/** One for all: reading is synchronous, and hundreds of included files would each fill another buffer. */
const scratch = Buffer.alloc(65_536);

/** What is in an open file from a position on; files of /proc do not show their size, so reading continues to the end. */
export function readOpen(fs: Pick<FileSystem, 'read'>, fd: number, limit: number, from = 0): Buffer {
  const pieces: Buffer[] = [];
  for (let done = 0; done < limit; ) {
    const got = fs.read(fd, scratch, Math.min(scratch.length, limit - done), from + done);
    if (got === 0) break;
    pieces.push(Buffer.from(scratch.subarray(0, got)));
    done += got;
  }
  return Buffer.concat(pieces);
}

function withOpen<T>(fs: FileSystem, path: string, use: (fd: number) => T): Attempted<T> {
  return attempt(() => {
    const fd = fs.open(path);
    try {
      return use(fd);
    } finally {
      fs.close(fd);
    }
  });
}

/** At most `limit` bytes, as UTF-8; a byte that is none becomes U+FFFD. */
export function readText(fs: FileSystem, path: string, limit = largestText): Attempted<string> {
  return withOpen(fs, path, (fd) => readOpen(fs, fd, limit).toString('utf8'));
}

/** The same of a file that somebody has written. EINVAL for one that the kernel makes up, wherever it is mounted. */
export function readWritten(fs: FileSystem, path: string, limit = largestText): Attempted<string> {
  return withOpen(fs, path, (fd) => {
    if (fs.isOfKernel(fd)) throw Object.assign(new Error(path), { code: 'EINVAL' });
    return readOpen(fs, fd, limit).toString('utf8');
  });
}

/** A process writes its own command line, of megabytes if it likes: this is more than any title of nginx's needs. */
const longestTitle = 65_536;

/** A text of /proc. */
export function readProcText(fs: FileSystem, path: string, limit = largestText): Attempted<string> {
  return readText(fs, path, path.endsWith('/cmdline') ? longestTitle : limit);
}

/** The end of a file. */
export interface FileEnd {
  readonly text: string;
  readonly modifiedMs: number;
  /** Nothing stands before it. */
  readonly isWhole: boolean;
}

/**
 * At most the last `limit` bytes, from the beginning of a line on.
 *
 * @param encoding `latin1` keeps bytes as they are
 */
export function readEnd(
  fs: FileSystem,
  path: string,
  limit: number,
  encoding: 'utf8' | 'latin1' = 'utf8',
): Attempted<FileEnd> {
  return withOpen(fs, path, (fd) => {
    const { size, modifiedMs } = fs.fstat(fd);
    const from = Math.max(0, size - limit);
    const bytes = readOpen(fs, fd, Math.min(size, limit), from);
    const begin = from === 0 ? 0 : bytes.indexOf(10) + 1;
    return { text: bytes.toString(encoding, begin), modifiedMs, isWhole: from === 0 };
  });
}
