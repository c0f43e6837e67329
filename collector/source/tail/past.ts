/** What can still be read of a log's past: generations that are no longer at its path, found beside it. */
import { dirname } from 'node:path';
import type { Accounts } from '../../system/accounts.ts';
import { attempt, type FileStat, type FileSystem } from '../../system/fs.ts';
import type { Standing } from '../../system/reach.ts';
import { copiedLength } from './copied.ts';
import { beginsWith, type Generation, readHead } from './generation.ts';
import type { Generations } from './generations.ts';
import type { KnownFiles } from './known-files.ts';
import { hasSameHead, isSameInode, isUnchanged, type TailMark } from './mark.ts';
import { openLog } from './open-log.ts';
import { type LastSeen, missedBetween, type Rotated, rotatedFiles } from './rotated.ts';

export interface PastOptions {
  readonly path: string;
  readonly fs: FileSystem;
  readonly accounts: Accounts;
  readonly known: KnownFiles;
  readonly files: Generations;
  /** Something worth a log line. */
  readonly say: (event: string) => void;
}

export interface Past {
  /** At the start: files of the checkpoint that were rotated while no plugin ran. */
  resume(found: Standing, marks: readonly TailMark[]): void;
  /** Another file (or none) is at the path: the generations between it and the one held (or marked). */
  between(after: FileStat | null, marks: readonly TailMark[]): void;
  /** The held file was truncated: what was written since the last read may be in the copy (copytruncate). */
  beforeTruncation(): void;
  /** Rotated files that were out of reach, at least. */
  lost(): number;
}

export function createPast({ path, fs, accounts, known, files, say }: PastOptions): Past {
  let lost = 0;

  /** Opens a file found beside the log where `from` says (null: leave it alone), and takes it in as `take` does. */
  function read(
    file: Rotated,
    from: (fd: number, stat: FileStat) => number | null,
    take: (fd: number, stat: FileStat, offset: number) => void,
  ): boolean {
    const opened = openLog(fs, accounts, file.path, file.stat);
    if (opened.is !== 'open') return false;
    const { fd, stat } = opened;
    const offset = stat.ino === file.stat.ino ? from(fd, stat) : null;
    if (offset === null) fs.close(fd);
    else take(fd, stat, offset);
    return offset !== null;
  }

  /** Without a check of its first bytes: the same number and the same birth are enough to leave a file alone. */
  function isKnown(stat: FileStat): boolean {
    const file = known.find(stat);
    return file !== null && (file.isOpen || file.bornMs === stat.bornMs);
  }

  /** As isKnown, of what may have been written over: its first bytes decide. */
  function isRead(fd: number, stat: FileStat): boolean {
    const file = known.find(stat);
    return file !== null && file.head.length > 0 && beginsWith(fs, fd, file.head);
  }

  function lastSeen(marks: readonly TailMark[]): LastSeen | null {
    const file = files.current();
    const mark = marks.at(-1);
    if (mark === undefined || (file !== null && isSameInode(mark, file))) {
      const stat = file === null ? null : attempt(() => fs.fstat(file.fd));
      return stat?.ok ? stat.value : null;
    }
    const { bornMs, modifiedMs } = mark;
    return { dev: BigInt(mark.dev), ino: BigInt(mark.ino), bornMs, modifiedMs, changedMs: Infinity, links: 1 };
  }

  /** The folder that the held file was moved to (logrotate's olddir), where that is another one. */
  function elsewhere(held: Generation | null): string | null {
    const place = held === null || held.isClosed ? null : attempt(() => fs.readlink(`/proc/self/fd/${held.fd}`));
    if (place?.ok !== true) return null;
    const folder = dirname(place.value.replace(/ \(deleted\)$/, ''));
    return folder === dirname(path) ? null : folder;
  }

  return {
    resume(found, marks) {
      const elsewhere = marks.filter((mark) => found.is !== 'file' || !isSameInode(mark, found.stat));
      if (elsewhere.length === 0) return;
      const rotated = rotatedFiles(fs, path);
      for (const mark of elsewhere) {
        const file = rotated.find(({ stat }) => isSameInode(mark, stat));
        if (file === undefined) continue;
        const head = (fd: number) => (length: number) => readHead(fs, fd, length);
        read(file, (fd, stat) => (isUnchanged(mark, stat, head(fd)) ? mark.offset : null), files.begin);
      }
    },

    between(after, marks) {
      const before = lastSeen(marks);
      if (before === null || (before.dev === after?.dev && before.ino === after.ino)) return;
      const held = files.current();
      const missed = missedBetween(before, after, rotatedFiles(fs, path, elsewhere(held)), isKnown);
      for (const file of missed.recover) {
        const from = (fd: number, stat: FileStat) => {
          if (held !== null && copiedLength(fs, held, fd, stat.size) > 0) return null;
          // A copy of what the checkpoint has counted: only what came after.
          const mark = marks.find((one) => one.offset > 0 && hasSameHead(one, (length) => readHead(fs, fd, length)));
          return mark === undefined ? 0 : Math.min(mark.offset, stat.size);
        };
        // In the order they were born: the last of them is the one nginx writes to while nothing is at the path.
        read(file, from, files.begin);
      }
      lost += missed.lost;
      if (missed.recover.length > 0) say(`${path}: ${missed.recover.length} more rotations since the last check`);
      if (missed.lost > 0) say(`${path}: lost at least ${missed.lost} rotated files, compressed or deleted unread`);
    },

    beforeTruncation() {
      const held = files.current();
      if (held === null || held.offset === 0) return;
      const copies = rotatedFiles(fs, path)
        .filter(({ stat, isCompressed }) => !isCompressed && stat.size > held.lineOffset)
        // The copy of an earlier rotation was written before the held file last was.
        .filter(({ stat }) => stat.modifiedMs >= held.modifiedMs)
        .sort((a, b) => b.stat.modifiedMs - a.stat.modifiedMs);
      const from = (fd: number, stat: FileStat) =>
        beginsWith(fs, fd, held.head) && !isRead(fd, stat) ? held.lineOffset : null;
      copies.some((copy) => read(copy, from, files.beginRotated));
    },

    lost: () => lost,
  };
}
