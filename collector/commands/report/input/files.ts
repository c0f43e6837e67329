/** Files, plain, gzip or zstd, and stdin, one after the other. */
import { createReadStream } from 'node:fs';
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { attempt, nodeFileSystem } from '../../../system/fs.ts';
import type { Streams } from '../../command.ts';

/** How reading an input ended: complete, or with the reason why not. */
export type Ending = { readonly is: 'complete' } | { readonly is: 'failed'; readonly reason: string };

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied: reading it needs another user or group',
  EISDIR: 'is a directory: name the files in it',
  Z_BUF_ERROR: 'the .gz file is cut off: what was read of it is counted, its end is missing',
  Z_DATA_ERROR: 'the .gz file is damaged: what was read before the damage is counted',
};

function failed(error: unknown, extension: string): Ending {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const known = reasons[code.startsWith('ZSTD_error') ? 'Z_DATA_ERROR' : code];
  return { is: 'failed', reason: known?.replace('.gz', extension) ?? message };
}

/** Bytes of the files that are named, as they lie on the disk; of stdin nobody knows. */
export function sizeOf(files: readonly string[]): number {
  return files.reduce((sum, file) => {
    const found = file === '-' ? null : attempt(() => nodeFileSystem.stat(file));
    return sum + (found?.ok === true && found.value.kind === 'file' ? found.value.size : 0);
  }, 0);
}

/**
 * Reads one input to its end, unpacked if its first bytes say gzip or zstd (also several members one behind the other).
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
  const content = createContent(onChunk);
  try {
    for await (const piece of input === '-' ? stdin : piecesOf(input)) {
      onRead((piece as Buffer).length);
      await content.write(piece as Buffer);
    }
    await content.end();
    return { is: 'complete' };
  } catch (error) {
    return failed(error, content.extension());
  }
}

/** Each valid until the next one. A file is read into the same memory again and again, all else as it comes. */
function piecesOf(input: string): Iterable<Buffer> | AsyncIterable<Buffer> {
  const found = attempt(() => nodeFileSystem.stat(input));
  const isFile = found.ok && found.value.kind === 'file';
  return isFile ? readFile(input) : createReadStream(input, { highWaterMark: chunkSize });
}

function* readFile(path: string): Iterable<Buffer> {
  const fd = nodeFileSystem.open(path);
  try {
    let position = 0;
    for (;;) {
      const length = nodeFileSystem.read(fd, readBuffer, readBuffer.length, position);
      if (length === 0) return;
      position += length;
      yield readBuffer.subarray(0, length);
    }
  } finally {
    nodeFileSystem.close(fd);
  }
}

/** What an input holds: its bytes, or what its first bytes say is packed in them. */
function createContent(onChunk: (bytes: Buffer) => void) {
  let packing: Packing | null = null;
  let unpacker: Unpacker | null = null;
  let start: Buffer | null = Buffer.alloc(0);

  async function begin(head: Buffer): Promise<void> {
    start = null;
    packing = packingOf(head);
    if (packing !== null) unpacker = createUnpacker(packing.create(), onChunk);
    await take(head);
  }

  async function take(bytes: Buffer): Promise<void> {
    if (unpacker === null) onChunk(bytes);
    else await unpacker.write(bytes);
  }

  return {
    async write(bytes: Buffer): Promise<void> {
      if (start === null) return take(bytes);
      start = start.length === 0 ? bytes : Buffer.concat([start, bytes]);
      if (start.length >= longestMagic) await begin(start);
    },
    async end(): Promise<void> {
      if (start !== null) await begin(start);
      await unpacker?.end();
    },
    extension: () => packing?.extension ?? '',
  };
}

interface Packing {
  readonly extension: string;
  readonly magic: readonly number[];
  readonly create: () => Transform;
}

const chunkSize = 262_144;
const readBuffer = Buffer.allocUnsafeSlow(65_536);
const gzip: Packing = {
  extension: '.gz',
  magic: [0x1f, 0x8b],
  create: () => zlib.createGunzip({ chunkSize }),
};
/** From Node 22.15 on. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: (options: { chunkSize: number }) => Transform };
const zstd: Packing | null =
  createZstdDecompress === undefined
    ? null
    : { extension: '.zst', magic: [0x28, 0xb5, 0x2f, 0xfd], create: () => createZstdDecompress({ chunkSize }) };
const longestMagic = 4;

const packingOf = (head: Buffer): Packing | null =>
  [gzip, zstd].find((each) => each?.magic.every((byte, at) => head[at] === byte) === true) ?? null;

interface Unpacker {
  write(bytes: Buffer): Promise<void>;
  end(): Promise<void>;
}

/**
 * Unpacking is another thread's work: while it continues, what came before is read here, one piece a turn. Of a file that
 * turns out to be damaged, what came before the damage counts.
 */
function createUnpacker(unpacking: Transform, onChunk: (bytes: Buffer) => void): Unpacker {
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

  unpacking.on('data', (bytes: Buffer) => {
    unread.push(bytes);
    setImmediate(readOne);
  });
  unpacking.on('error', fail);
  unpacking.on('end', () => wake?.());
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
        unpacking.write(bytes, (error) => {
          failure ??= error ?? null;
          done();
        });
      }),
    async end() {
      await settled(() => void unpacking.end());
      while (unread.length > 0) readOne();
      if (failure !== null) throw failure;
    },
  };
}
