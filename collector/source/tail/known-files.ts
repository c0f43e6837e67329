/**
 * Which files have been read, and how far: so that one that turns up again, under this name or another, is never
 * counted twice. Shared by all tailers of one log (a glob may match a file and its rotated self, a path may be listed
 * twice or be a link to another).
 */
import { keepNewest } from '../../base/collections.ts';
import type { FileStat } from '../../system/fs.ts';
import type { Generation } from './generation.ts';

/** A tailer; compared by identity, since two may have the same path. */
export interface FileReader {
  readonly path: string;
  /** Whose log it is. */
  readonly job: string;
}

/** What is remembered of a file. */
export interface KnownFile {
  readonly owner: FileReader;
  /** Still open: then its inode number cannot have gone to another file. */
  readonly isOpen: boolean;
  readonly bornMs: number;
  readonly head: Buffer;
  /** Where its last complete line ended. */
  readonly lineOffset: number;
}

export interface KnownFiles {
  find(file: { readonly dev: bigint; readonly ino: bigint }): KnownFile | null;
  opened(owner: FileReader, file: Generation): void;
  closed(owner: FileReader, file: Generation): void;
  /** How far these were read no longer counts: their lines were read, and then not sent. */
  forget(job: string): void;
}

/** Files that are closed and still remembered; the oldest are forgotten first. */
const mostRemembered = 1000;

export function createKnownFiles(): KnownFiles {
  const open = new Map<string, { readonly owner: FileReader; readonly file: Generation }>();
  const closed = new Map<string, KnownFile>();
  return {
    find(file) {
      const held = open.get(keyOf(file));
      if (held === undefined) return closed.get(keyOf(file)) ?? null;
      return remember(held.owner, held.file, true);
    },
    opened(owner, file) {
      closed.delete(keyOf(file));
      open.set(keyOf(file), { owner, file });
    },
    closed(owner, file) {
      open.delete(keyOf(file));
      closed.set(keyOf(file), remember(owner, file, false));
      keepNewest(closed, mostRemembered);
    },
    forget(job) {
      for (const [key, { owner }] of closed) if (owner.job === job) closed.delete(key);
    },
  };
}

function remember(owner: FileReader, { bornMs, head, lineOffset }: Generation, isOpen: boolean): KnownFile {
  return { owner, isOpen, bornMs, head, lineOffset };
}

/** Whether a file with the same inode number is the one remembered: numbers are reused. */
export function isSameFile(known: KnownFile, stat: FileStat, head: (length: number) => Buffer): boolean {
  if (known.isOpen) return true;
  return (
    known.bornMs === stat.bornMs &&
    known.head.length > 0 &&
    stat.size >= known.lineOffset &&
    head(known.head.length).equals(known.head)
  );
}

function keyOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`;
}
