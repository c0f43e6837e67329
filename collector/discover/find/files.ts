/** Small whole files through the file-system port: configuration, /proc, a program's text. */
import { attempt, type FileSystem, type Outcome } from '../../system/fs.ts';

/** More than any configuration file or table of /proc that is read here. */
const largestText = 16 * 1024 * 1024;
/** One for all: reading is synchronous, and hundreds of included files would each fill a buffer of their own. */
const scratch = Buffer.alloc(65_536);

/** At most `limit` bytes; files of /proc do not tell their size, so reading goes on to the end. */
export function readBytes(fs: FileSystem, path: string, limit: number): Outcome<Buffer> {
  return attempt(() => {
    const fd = fs.open(path);
    try {
      const pieces: Buffer[] = [];
      for (let position = 0; position < limit; ) {
        const got = fs.read(fd, scratch, Math.min(scratch.length, limit - position), position);
        if (got === 0) break;
        pieces.push(Buffer.from(scratch.subarray(0, got)));
        position += got;
      }
      return Buffer.concat(pieces);
    } finally {
      fs.close(fd);
    }
  });
}

/** UTF-8; a byte that is none becomes U+FFFD. */
export function readText(fs: FileSystem, path: string): Outcome<string> {
  const bytes = readBytes(fs, path, largestText);
  return bytes.ok ? { ok: true, value: bytes.value.toString('utf8') } : bytes;
}
