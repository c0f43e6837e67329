/** How far a file has been read, in a form that outlives the process and holds no text of the log. */

import { createHash } from 'node:crypto';
import { isObject } from '../../base/json.ts';
import type { FileStat } from '../../system/fs.ts';
import type { Generation } from './generation.ts';

export interface TailMark {
  readonly dev: string;
  readonly ino: string;
  /** After the last complete line that was counted. */
  readonly offset: number;
  /** The first `headBytes` of the file have this SHA-256: inode numbers are reused. */
  readonly headBytes: number;
  readonly headHash: string;
  readonly bornMs: number;
  readonly modifiedMs: number;
}

export function markOf(file: Generation, stat: FileStat | null): TailMark {
  return {
    dev: String(file.dev),
    ino: String(file.ino),
    offset: file.lineOffset,
    headBytes: file.head.length,
    headHash: hashOf(file.head),
    bornMs: file.bornMs,
    modifiedMs: stat?.modifiedMs ?? 0,
  };
}

export function isSameInode(mark: TailMark, file: { readonly dev: bigint; readonly ino: bigint }): boolean {
  return mark.dev === String(file.dev) && mark.ino === String(file.ino);
}

/** Whether the file that the mark was made of still begins as it did, and still holds what was counted. */
export function isUnchanged(mark: TailMark, stat: FileStat, head: (length: number) => Buffer): boolean {
  return isSameInode(mark, stat) && mark.bornMs === stat.bornMs && stat.size >= mark.offset && hasSameHead(mark, head);
}

/** Whether a file begins like the one that was marked: it may be a copy of it. */
export function hasSameHead(mark: TailMark, head: (length: number) => Buffer): boolean {
  return mark.headHash === hashOf(head(mark.headBytes));
}

/** A head is its own buffer that never changes: hashed once, not once a tick. */
const hashes = new WeakMap<Buffer, string>();

function hashOf(bytes: Buffer): string {
  const before = hashes.get(bytes);
  if (before !== undefined) return before;
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  hashes.set(bytes, hash);
  return hash;
}

/** What a checkpoint holds for a log, if it is what `marks()` gave; whatever else it holds is none. */
export function toMarks(value: unknown): readonly TailMark[] {
  return Array.isArray(value) && value.every(isMark) ? value : [];
}

function isMark(value: unknown): value is TailMark {
  if (!isObject(value)) return false;
  const mark: Partial<Readonly<Record<keyof TailMark, unknown>>> = value;
  const isNumber = (field: unknown) => typeof field === 'number' && field >= 0;
  const isId = (field: unknown) => typeof field === 'string' && /^\d+$/.test(field);
  return (
    isId(mark.dev) &&
    isId(mark.ino) &&
    Number.isSafeInteger(mark.offset) &&
    isNumber(mark.offset) &&
    isNumber(mark.headBytes) &&
    typeof mark.headHash === 'string' &&
    isNumber(mark.bornMs) &&
    isNumber(mark.modifiedMs)
  );
}
