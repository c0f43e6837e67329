/** One open log file: read by descriptor and position, never by path, and known again by its first bytes. */
import { attempt, type FileStat, type FileSystem } from '../../system/fs.ts';
import type { ByteSink } from '../source.ts';

/** So many first bytes identify what is in a file, beside its device and inode: both are reused. */
export const headLength = 256;
/** How far back the beginning of an unfinished line is looked for. */
const lookBack = 65_536;
const newline = 0x0a;

/** All reads are synchronous and a chunk is valid only during the call, so one buffer serves all files. */
const readBuffer = Buffer.allocUnsafe(65_536);
const headBuffer = Buffer.allocUnsafe(headLength);

export interface Generation {
  readonly fd: number;
  /** Its number may belong to another file since. */
  isClosed: boolean;
  readonly dev: bigint;
  readonly ino: bigint;
  /** Distinguishes a reused inode number from the file it belonged to; 0 where the file system does not keep it. */
  readonly bornMs: number;
  /** Next byte to read. */
  offset: number;
  /** Just after the last newline that was read: where a restart may continue. */
  lineOffset: number;
  /** The first bytes of the file, as they were when read. */
  head: Buffer;
  sink: ByteSink;
  /** Nothing but NULs so far: the hole that a writer without O_APPEND leaves after a truncation. */
  inHole: boolean;
  /** The reading began inside a line: what comes before the next newline is the end of a line not seen completely. */
  midLine: boolean;
  lastGrowth: number;
  emptyReads: number;
  /** Of the last write, as it was at the last check; 0 before that. */
  modifiedMs: number;
}

/** What one read to the end found. */
export interface ReadResult {
  readonly bytes: number;
  /** False: what was read before is no longer the beginning of the file. */
  readonly intact: boolean;
  /** Bytes left, when the budget ended first. */
  readonly behind: number;
  /** The error's code (EIO, ESTALE, …) when the descriptor cannot be read. */
  readonly error: string | null;
}

export function openGeneration(fd: number, stat: FileStat, sink: ByteSink, now: number): Generation {
  return {
    fd,
    isClosed: false,
    dev: stat.dev,
    ino: stat.ino,
    bornMs: stat.bornMs,
    offset: 0,
    lineOffset: 0,
    head: Buffer.alloc(0),
    sink,
    inHole: true,
    midLine: false,
    lastGrowth: now,
    emptyReads: 0,
    modifiedMs: 0,
  };
}

/** Reads what has been appended, at most `budget` bytes, into the sink. */
export function readOn(fs: FileSystem, file: Generation, budget: number, now: number): ReadResult {
  let bytes = 0;
  while (bytes < budget) {
    const got = attempt(() => fs.read(file.fd, readBuffer, Math.min(readBuffer.length, budget - bytes), file.offset));
    if (!got.ok) return { bytes, intact: true, behind: 0, error: got.code };
    // After each read, and before the bytes are believed: a rewrite in between would make a torn line of them.
    const intact = got.value > 0 ? headIsThere(fs, file) : isIntact(fs, file);
    if (!intact) return { bytes, intact: false, behind: 0, error: null };
    if (got.value === 0) {
      file.emptyReads = bytes > 0 ? 0 : file.emptyReads + 1;
      return { bytes, intact: true, behind: 0, error: null };
    }
    take(file, readBuffer.subarray(0, got.value));
    bytes += got.value;
    file.lastGrowth = now;
  }
  const stat = attempt(() => fs.fstat(file.fd));
  return { bytes, intact: true, behind: stat.ok ? Math.max(0, stat.value.size - file.offset) : 0, error: null };
}

function take(file: Generation, chunk: Buffer): void {
  if (file.offset === file.head.length && file.head.length < headLength) {
    file.head = Buffer.concat([file.head, chunk.subarray(0, headLength - file.head.length)]);
  }
  const lastNewline = chunk.lastIndexOf(newline);
  if (lastNewline >= 0) file.lineOffset = file.offset + lastNewline + 1;
  file.offset += chunk.length;
  const wanted = withoutBeginning(file, chunk);
  if (wanted.length > 0) file.sink.chunk(wanted);
}

function withoutBeginning(file: Generation, chunk: Buffer): Buffer {
  let from = 0;
  if (file.midLine) {
    const end = chunk.indexOf(newline);
    if (end < 0) return chunk.subarray(chunk.length);
    file.midLine = false;
    from = end + 1;
  }
  if (file.inHole) {
    while (from < chunk.length && chunk[from] === 0) from += 1;
    file.inHole = from === chunk.length;
  }
  return from === 0 ? chunk : chunk.subarray(from);
}

function isIntact(fs: FileSystem, file: Generation): boolean {
  const stat = attempt(() => fs.fstat(file.fd));
  return (!stat.ok || stat.value.size >= file.offset) && headIsThere(fs, file);
}

function headIsThere(fs: FileSystem, file: Generation): boolean {
  if (file.head.length === 0) return true;
  const got = attempt(() => fs.read(file.fd, headBuffer, file.head.length, 0));
  return !got.ok || headBuffer.subarray(0, got.value).equals(file.head);
}

/** The first bytes of a file, up to its `offset`: what later proves that it is still the same. */
export function readHead(fs: FileSystem, fd: number, length: number): Buffer {
  const got = attempt(() => fs.read(fd, headBuffer, Math.min(length, headLength), 0));
  return got.ok ? Buffer.from(headBuffer.subarray(0, got.value)) : Buffer.alloc(0);
}

export function beginsWith(fs: FileSystem, fd: number, head: Buffer): boolean {
  return head.length > 0 && readHead(fs, fd, head.length).equals(head);
}

/**
 * Begins at `offset` instead of 0. When that is inside a line, at the beginning of this line: it is not finished yet,
 * so it has not been counted by anybody. Reads at most 64 KiB, however long the file is.
 */
export function skipTo(fs: FileSystem, file: Generation, offset: number): void {
  const from = Math.max(0, offset - lookBack);
  const got = attempt(() => fs.read(file.fd, readBuffer, offset - from, from));
  const tail = readBuffer.subarray(0, got.ok ? got.value : 0);
  const lastNewline = tail.lastIndexOf(newline);
  const lineStart = lastNewline >= 0 ? from + lastNewline + 1 : from;
  // No newline that far back: too long a line, of which only the end is still to come.
  file.midLine = lastNewline < 0 && from > 0;
  file.offset = file.midLine ? offset : lineStart;
  file.lineOffset = file.offset;
  file.inHole = file.offset === 0;
  file.head = readHead(fs, file.fd, file.offset);
}

/** The file was truncated or rewritten in place: from its beginning, with a sink that knows nothing of before. */
export function startOver(file: Generation, sink: ByteSink, now: number): void {
  file.sink.cut();
  file.sink = sink;
  file.offset = 0;
  file.lineOffset = 0;
  file.head = Buffer.alloc(0);
  file.inHole = true;
  file.midLine = false;
  file.lastGrowth = now;
  file.emptyReads = 0;
}
