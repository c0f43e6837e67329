/** The files that one log consists of at a time: the current one, and rotated ones that nginx may still write to. */
import { attempt, type FileStat, type FileSystem } from '../../system/fs.ts';
import type { OpenSink } from '../source.ts';
import { type Generation, openGeneration, type ReadResult, readOn, skipTo, startOver } from './generation.ts';
import type { FileReader, KnownFiles } from './known-files.ts';
import { markOf, type TailMark } from './mark.ts';
import { isDrained } from './step.ts';

export interface GenerationsOptions {
  /** In whose name files are registered as known. */
  readonly owner: FileReader;
  readonly fs: FileSystem;
  readonly now: () => number;
  readonly openSink: OpenSink;
  readonly known: KnownFiles;
  /** Of each file, in one poll. */
  readonly maxBytesPerPoll: number;
}

export interface Generations {
  current(): Generation | null;
  /** Reads the rotated ones to their end, lets go of those that nginx has let go, then reads the current one. */
  readAll(): ReadResult | null;
  /** Takes over an open file, to be read from `offset`; what was current before is drained beside it. */
  begin(fd: number, stat: FileStat, offset: number): void;
  /** A file to be drained beside the current one. */
  beginRotated(fd: number, stat: FileStat, offset: number): void;
  /** A rotated file has been moved back to the path: true when it was one of these. */
  moveBack(stat: FileStat): boolean;
  /** The current file was truncated or rewritten. */
  restart(): void;
  /** Lets the current file go. */
  release(): void;
  close(): void;
  marks(): readonly TailMark[];
  /** Running total given to the sinks. */
  bytes(): number;
  /** Left unread by this poll. */
  behind(): number;
  /** Running total of rotated files that had to be let go before they were read to their end. */
  lost(): number;
}

/** More rotated files than this are not kept open; the oldest goes first. */
const mostDraining = 16;
/** Of a file that is let go. */
const mostAtLast = 32 * 1024 * 1024;

export function createGenerations(options: GenerationsOptions): Generations {
  const { owner, fs, now, openSink, known, maxBytesPerPoll } = options;
  let current: Generation | null = null;
  let draining: Generation[] = [];
  let bytes = 0;
  let behind = 0;
  let lost = 0;

  function take(file: Generation, most = maxBytesPerPoll): ReadResult {
    const read = readOn(fs, file, most, now());
    behind += read.behind;
    bytes += read.bytes;
    return read;
  }

  function drainOld(): void {
    const time = now();
    draining = draining.filter((file, index) => {
      const read = take(file);
      const successor = draining[index + 1] ?? current;
      const { emptyReads, lastGrowth } = file;
      const successorGrew = (successor?.offset ?? 0) > 0;
      const isOver =
        read.error !== null ||
        isDrained({ emptyReads, quietMs: time - lastGrowth, successorGrew, intact: read.intact });
      if (isOver) retire(file);
      return !isOver;
    });
  }

  function opened(fd: number, stat: FileStat, offset: number): Generation {
    const file = openGeneration(fd, stat, openSink(), now());
    if (offset > 0) skipTo(fs, file, offset);
    known.opened(owner, file);
    return file;
  }

  function drain(file: Generation): void {
    file.emptyReads = 0;
    draining.push(file);
    while (draining.length > mostDraining) {
      const oldest = draining.shift();
      // It cannot wait for its turn.
      if (oldest?.emptyReads === 0) take(oldest, mostAtLast);
      if (oldest?.emptyReads === 0 && leftOver(oldest) > 0) lost += 1;
      retire(oldest);
    }
  }

  function leftOver(file: Generation): number {
    const stat = attempt(() => fs.fstat(file.fd));
    return stat.ok ? stat.value.size - file.offset : 0;
  }

  function retire(file: Generation | null | undefined): void {
    if (!file) return;
    known.closed(owner, file);
    file.isClosed = true;
    attempt(() => fs.close(file.fd));
    // Last: what takes the line may throw.
    file.sink.cut();
  }

  return {
    current: () => current,

    readAll() {
      behind = 0;
      drainOld();
      return current === null ? null : take(current);
    },

    begin(fd, stat, offset) {
      if (current !== null) drain(current);
      current = opened(fd, stat, offset);
      take(current);
    },

    beginRotated(fd, stat, offset) {
      // A copy over an older one: what that was is over.
      draining = draining.filter((other) => {
        const isOver = other.dev === stat.dev && other.ino === stat.ino;
        if (isOver) retire(other);
        return !isOver;
      });
      const file = opened(fd, stat, offset);
      take(file);
      drain(file);
    },

    moveBack(stat) {
      const file = draining.find(({ dev, ino }) => dev === stat.dev && ino === stat.ino);
      if (file === undefined) return false;
      draining = draining.filter((other) => other !== file);
      if (current !== null) drain(current);
      current = file;
      return true;
    },

    restart() {
      if (current === null) return;
      startOver(current, openSink(), now());
      take(current);
    },

    release() {
      retire(current);
      current = null;
    },

    close() {
      for (const file of [...draining, current]) retire(file);
      draining = [];
      current = null;
    },

    marks: () =>
      [...draining, ...(current === null ? [] : [current])].map((file) => {
        const stat = attempt(() => fs.fstat(file.fd));
        return markOf(file, stat.ok ? stat.value : null);
      }),
    bytes: () => bytes,
    behind: () => behind,
    lost: () => lost,
  };
}
