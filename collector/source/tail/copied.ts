/** Recognises a log that was moved away and copied back: another inode, the same lines (T21). */
import { attempt, type FileSystem } from '../../system/fs.ts';
import type { Generation } from './generation.ts';

const block = 65_536;
/** More than this is not compared from one end to the other. */
const mostCompared = 16 * 1024 * 1024;
const newline = 0x0a;

/**
 * How many bytes at the front of the file `fd` have been read already, as those of `from`; 0 when it is no copy.
 *
 * Equal bytes alone prove nothing: a format without a time writes the same line again and again, and a fresh log
 * begins like the one before. So a copy must hold all that was read (or be long itself), with two different lines.
 */
export function copiedLength(fs: FileSystem, from: Generation, fd: number, size: number): number {
  const length = size >= from.lineOffset ? from.lineOffset : size >= 4096 ? size : 0;
  if (length === 0 || from.isClosed) return 0;
  for (let at = 0; at < length; at += block) {
    if (at >= mostCompared) at = Math.max(at, length - block);
    const ours = readBlock(fs, from.fd, at, Math.min(block, length - at));
    const theirs = readBlock(fs, fd, at, Math.min(block, length - at));
    if (ours === null || theirs === null || !ours.equals(theirs)) return 0;
    if (at === 0 && !hasTwoLines(ours)) return 0;
  }
  return length;
}

function readBlock(fs: FileSystem, fd: number, at: number, length: number): Buffer | null {
  const bytes = Buffer.allocUnsafe(length);
  const got = attempt(() => fs.read(fd, bytes, length, at));
  return got.ok && got.value === length ? bytes : null;
}

function hasTwoLines(bytes: Buffer): boolean {
  const end = bytes.indexOf(newline) + 1;
  if (end === 0) return false;
  const first = bytes.subarray(0, end);
  for (let at = end; at + end <= bytes.length; at += end) {
    if (!bytes.subarray(at, at + end).equals(first)) return true;
  }
  return (bytes.length - end) % end !== 0;
}
