/** Files, plain or gzip, and stdin, one after the other. */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { attempt, nodeFileSystem } from '../../system/fs.ts';
import type { Streams } from '../command.ts';

/** How reading an input ended: whole, or with the reason why not. */
export type Ending = { readonly is: 'whole' } | { readonly is: 'failed'; readonly reason: string };

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied: reading it needs another user or group',
  EISDIR: 'is a directory: name the files in it',
  Z_BUF_ERROR: 'the .gz file is cut off: what was read of it is counted, its end is missing',
  Z_DATA_ERROR: 'the .gz file is damaged: what was read before the damage is counted',
};

function failed(error: unknown): Ending {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return { is: 'failed', reason: reasons[code] ?? message };
}

/** Bytes of the files that are named, as they lie on the disk; of stdin nobody knows. */
export function sizeOf(files: readonly string[]): number {
  return files.reduce((sum, file) => {
    const found = file === '-' ? null : attempt(() => nodeFileSystem.stat(file));
    return sum + (found?.ok === true && found.value.kind === 'file' ? found.value.size : 0);
  }, 0);
}

/**
 * Reads one input to its end, unpacked if its first two bytes say gzip (also several members one behind the other).
 *
 * @param onChunk takes the bytes at once
 * @param onRead how many bytes came from the disk
 */
export async function readInput(
  input: string,
  stdin: Streams['stdin'],
  onChunk: (bytes: Buffer) => void,
  onRead: (bytes: number) => void,
): Promise<Ending> {
  const source = input === '-' ? stdin : createReadStream(input, { highWaterMark: 262_144 });
  let unpacker: Unpacker | null = null;
  let start: Buffer | null = Buffer.alloc(0);
  try {
    for await (const piece of source) {
      const bytes = piece as Buffer;
      onRead(bytes.length);
      const next: Buffer = start === null ? bytes : Buffer.concat([start, bytes]);
      if (start !== null && next.length < 2) {
        start = next;
        continue;
      }
      if (start !== null && next[0] === 0x1f && next[1] === 0x8b) unpacker = createUnpacker(onChunk);
      start = null;
      if (unpacker === null) onChunk(next);
      else await unpacker.write(next);
    }
    if (start !== null) onChunk(start);
    await unpacker?.end();
    return { is: 'whole' };
  } catch (error) {
    return failed(error);
  }
}

interface Unpacker {
  write(bytes: Buffer): Promise<void>;
  end(): Promise<void>;
}

/**
 * Unpacking is another thread's work: while it goes on, what came before is read here, one piece a turn. Of a file that
 * turns out to be damaged, what came before the damage counts.
 */
function createUnpacker(onChunk: (bytes: Buffer) => void): Unpacker {
  const gunzip = createGunzip({ chunkSize: 262_144 });
  const unread: Buffer[] = [];
  let failure: Error | null = null;
  let wake: (() => void) | null = null;

  function fail(error: unknown): void {
    failure ??= error as Error;
    wake?.();
  }

  function readOne(): void {
    const bytes = unread.shift();
    if (bytes === undefined) return;
    try {
      onChunk(bytes);
    } catch (error) {
      fail(error);
    }
  }

  gunzip.on('data', (bytes: Buffer) => {
    unread.push(bytes);
    setImmediate(readOne);
  });
  gunzip.on('error', fail);
  gunzip.on('end', () => wake?.());
  const settled = async (begin: (done: () => void) => void) => {
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (failure !== null) resolve();
      else begin(resolve);
    });
    if (failure === null) return;
    while (unread.length > 0) readOne();
    throw failure;
  };
  return {
    write: (bytes) =>
      settled((done) => {
        gunzip.write(bytes, (error) => {
          failure ??= error ?? null;
          done();
        });
      }),
    async end() {
      await settled(() => void gunzip.end());
      while (unread.length > 0) readOne();
      if (failure !== null) throw failure;
    },
  };
}
