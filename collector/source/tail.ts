/**
 * A log file that nginx appends to, whatever is done to it meanwhile.
 *
 * The I/O model. The file is held open and read by descriptor and position, so what nginx has written cannot be taken
 * away by renaming or deleting it. Every poll first reads what is held to its end and only then looks at the path;
 * another device or inode there means a rotation. nginx goes on writing to the old file until USR1 reaches each worker,
 * so the old one is read beside the new one until it has been quiet for some time. The same inode whose first bytes
 * have changed, or that is shorter than what was read, was truncated (copytruncate, `> file`) and is read from 0: what
 * was written between the last read and the truncation is lost, by the nature of copytruncate; nothing is counted
 * twice, no line is made of two halves. Only regular files are opened. A log that exists at the start is read from its
 * end, one that appears later from its first byte. Memory is one 64 KiB buffer and what a sink keeps of its last line.
 */
import type { Accounts } from '../system/accounts.ts';
import { attempt, type FileStat, type FileSystem } from '../system/fs.ts';
import { type Generation, openGeneration, type ReadResult, readOn, skipTo, startOver } from './generation.ts';
import { type LogPath, lookAt } from './log-path.ts';
import { ioProblem, pathProblem, unreadable } from './log-problems.ts';
import type { OpenSink, Source, SourceProblem, SourceReading } from './source.ts';
import { type AtPath, isDrained, nextStep } from './tail-step.ts';

export interface TailOptions {
  readonly path: string;
  readonly fs: FileSystem;
  readonly accounts: Accounts;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly openSink: OpenSink;
  /** Most bytes that one poll reads; the rest is `behindBytes` and comes with the next. */
  readonly maxBytesPerPoll?: number;
}

const defaultBudget = 32 * 1024 * 1024;
/** More rotated files than this are not kept open; the oldest goes first. */
const mostDraining = 16;

export function createTail(options: TailOptions): Source {
  const { path, fs, accounts, now, openSink, maxBytesPerPoll = defaultBudget } = options;
  let current: Generation | null = null;
  let draining: Generation[] = [];
  /** Size of the file that was there at the start but could not be opened: what it held then is history. */
  let seenAtStart: FileStat | null = null;
  let isFirstPoll = true;
  let gone = false;
  let totalBytes = 0;
  const lost = 0;
  let events: string[] = [];
  let budget = 0;
  let behind = 0;

  function poll(): SourceReading {
    events = [];
    budget = maxBytesPerPoll;
    behind = 0;
    drainOld();
    let problem: SourceProblem | null = null;
    const read = current === null ? null : take(current);
    if (read?.error) problem = ioProblem(path, read.error);
    const found = lookAt(fs, path);
    problem = follow(found, read) ?? problem;
    isFirstPoll = false;
    return { problem, behindBytes: behind, events, lost, bytes: totalBytes };
  }

  /** One step of the decision; returns what keeps the log at the path from being read. */
  function follow(found: LogPath, read: ReadResult | null): SourceProblem | null {
    switch (nextStep(held(read), atPath(found))) {
      case 'wait':
        return pathProblem(path, found, fs, accounts);
      case 'open':
      case 'rotate':
        return found.is === 'file' ? openAt(found.stat) : null;
      case 'restart':
        restart();
        return null;
      case 'hold':
        return holdOn(found);
      case 'release':
        events.push(`${path} was deleted and has been quiet for an hour: closed`);
        retire(current);
        current = null;
        return pathProblem(path, found, fs, accounts);
      case 'stay':
        gone = false;
        return null;
    }
  }

  function openAt(seen: FileStat): SourceProblem | null {
    const fd = attempt(() => fs.open(path));
    if (!fd.ok) {
      if (isFirstPoll) seenAtStart = seen;
      return fd.code === 'ENOENT' ? null : unreadable(path, seen, fd.code, accounts);
    }
    const stat = attempt(() => fs.fstat(fd.value));
    if (!stat.ok || stat.value.kind !== 'file') {
      // Replaced between the look and the open; O_NONBLOCK kept the open from waiting. The next poll explains it.
      fs.close(fd.value);
      return null;
    }
    const opened = openGeneration(fd.value, stat.value, openSink(), now());
    const before = current;
    current = opened;
    gone = false;
    if (before !== null) {
      before.emptyReads = 0;
      draining.push(before);
      events.push(`${path} was rotated: reading the new file`);
      while (draining.length > mostDraining) retire(draining.shift() ?? null);
    } else startReading(opened, stat.value);
    take(opened);
    return null;
  }

  function startReading(file: Generation, stat: FileStat): void {
    const wasThere = seenAtStart !== null && seenAtStart.dev === stat.dev && seenAtStart.ino === stat.ino;
    const skip = isFirstPoll ? stat.size : wasThere ? Math.min(seenAtStart?.size ?? 0, stat.size) : 0;
    seenAtStart = null;
    if (skip === 0) return;
    skipTo(fs, file, skip);
    events.push(`${path}: ${file.offset} bytes that were there before the start are not counted`);
  }

  function restart(): void {
    if (current === null) return;
    events.push(`${path} was truncated: reading it from its beginning`);
    startOver(current, openSink(), now());
    take(current);
  }

  function holdOn(found: LogPath): SourceProblem | null {
    if (!gone) {
      gone = true;
      events.push(`${path} was renamed or deleted: reading on where nginx writes until it reopens its logs`);
    }
    // Absence is no failure as long as the file that nginx writes to is held: no line is missed.
    return found.is === 'absent' ? null : pathProblem(path, found, fs, accounts);
  }

  function drainOld(): void {
    const time = now();
    draining = draining.filter((file, index) => {
      const read = take(file);
      const successor = draining[index + 1] ?? current;
      const over =
        read.error !== null ||
        isDrained({
          emptyReads: file.emptyReads,
          quietMs: time - file.lastGrowth,
          successorGrew: (successor?.offset ?? 0) > 0,
          intact: read.intact,
        });
      if (over) retire(file);
      return !over;
    });
  }

  function take(file: Generation): ReadResult {
    const read = readOn(fs, file, budget, now());
    budget -= read.bytes;
    behind += read.behind;
    totalBytes += read.bytes;
    return read;
  }

  function held(read: ReadResult | null): Parameters<typeof nextStep>[0] {
    if (current === null || read === null) return null;
    const { fd, dev, ino, lastGrowth } = current;
    const stat = attempt(() => fs.fstat(fd));
    return { dev, ino, intact: read.intact, links: stat.ok ? stat.value.links : 1, quietMs: now() - lastGrowth };
  }

  function retire(file: Generation | null): void {
    if (file === null) return;
    file.sink.cut();
    attempt(() => fs.close(file.fd));
  }

  function close(): void {
    for (const file of draining) retire(file);
    retire(current);
    draining = [];
    current = null;
  }

  return { name: path, poll, close };
}

function atPath(found: LogPath): AtPath {
  if (found.is === 'file') return { is: 'file', dev: found.stat.dev, ino: found.stat.ino };
  return { is: found.is === 'absent' ? 'absent' : 'unusable' };
}
