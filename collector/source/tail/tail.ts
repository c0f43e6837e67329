/**
 * A log file that nginx appends to, whatever is done to it meanwhile.
 *
 * The I/O model. The file is held open and read by descriptor and position, so what nginx has written cannot be taken
 * away by renaming or deleting it. Every poll first reads what is held to its end and only then checks the path;
 * another device or inode there means a rotation. nginx keeps writing to the old file until USR1 reaches each worker,
 * so the old one is read beside the new one until it has been quiet for some time; generations that came and went
 * between two polls are read where logrotate has put them, and counted as lost where they are out of reach. The same
 * inode whose first bytes have changed, or that is shorter than what was read, was truncated (copytruncate, `> file`)
 * and is read from 0: what was written between the last read and the truncation is lost, by the nature of
 * copytruncate; nothing is counted twice, no line is made of two halves. Only regular files are opened. A log that
 * exists at the start is read from its end, or from where the checkpoint says; one that appears later from its first
 * byte. Memory is one 64 KiB buffer and what a sink keeps of its last line.
 */
import type { Accounts } from '../../system/accounts.ts';
import { attempt, type FileStat, type FileSystem } from '../../system/fs.ts';
import { lookAt, type Standing } from '../../system/reach.ts';
import { ioProblem, pathProblem } from '../log-problems.ts';
import type { OpenSink, Source, SourceProblem, SourceReading } from '../source.ts';
import { copiedLength } from './copied.ts';
import { type ReadResult, readHead } from './generation.ts';
import { createGenerations } from './generations.ts';
import { createKnownFiles, isSameFile, type KnownFiles } from './known-files.ts';
import { isUnchanged, type TailMark } from './mark.ts';
import { openLog } from './open-log.ts';
import { createPast } from './past.ts';
import { type AtPath, nextTailStep } from './step.ts';

export interface TailOptions {
  readonly path: string;
  readonly fs: FileSystem;
  readonly accounts: Accounts;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly openSink: OpenSink;
  /** Where the host's root directory is mounted (NETDATA_HOST_PREFIX); empty: here. */
  readonly root?: string;
  /** Where reading ended before this process: it continues there. None: a log that exists is read from its end. */
  readonly resume?: readonly TailMark[];
  /** It has appeared while the plugin ran (a new match of a glob): all that it holds is news. */
  readonly isNew?: boolean;
  /** Shared by all tailers, so that no file is counted twice. */
  readonly known?: KnownFiles;
  readonly job?: string;
  /** Most bytes of a file that one poll reads; the rest is `behindBytes` and comes with the next. */
  readonly maxBytesPerPoll?: number;
}

export interface Tail extends Source {
  /** `mark()` with its type: how far reading has got, oldest file first. */
  marks(): readonly TailMark[];
}

/** A poll takes about 25 ms then: several logs share a tick. */
const defaultBudget = 1024 * 1024;

export function createTail(options: TailOptions): Tail {
  const {
    path,
    root = '',
    fs,
    accounts,
    now,
    openSink,
    known = createKnownFiles(),
    isNew = false,
    job = '',
    maxBytesPerPoll = defaultBudget,
  } = options;
  const owner = { path, job };
  const files = createGenerations({ owner, fs, now, openSink, known, maxBytesPerPoll });
  const past = createPast({ path, fs, accounts, known, files, say: (event) => events.push(event) });
  /** Where the process before this one ended; used up when the log is first opened. */
  let resume = options.resume ?? [];
  /** The file that was there at the start but could not be opened: what it held then is history. */
  let seenAtStart: FileStat | null = null;
  let isFirstPoll = true;
  let isGone = false;
  let isDuplicate = false;
  let events: string[] = [];

  function poll(): SourceReading {
    events = [];
    if (isFirstPoll) past.resume(lookAt(fs, path, root), resume);
    const read = files.readAll();
    const trouble = read?.error ? readingFailed(read.error) : null;
    const found = lookAt(fs, path, root);
    const problem = follow(found, read) ?? trouble;
    isFirstPoll = false;
    return { problem, behindBytes: files.behind(), events, lost: past.lost() + files.lost(), bytes: files.bytes() };
  }

  /** One step of the decision; returns what keeps the log at the path from being read. */
  function follow(found: Standing, read: ReadResult | null): SourceProblem | null {
    switch (nextTailStep(held(read), atPath(found))) {
      case 'open':
      case 'rotate':
        return found.is === 'file' ? openAt(found.at, found.stat) : null;
      case 'restart':
        events.push(`${path} was truncated: reading it from its beginning`);
        past.beforeTruncation();
        files.restart();
        return null;
      case 'hold':
        if (!isGone) events.push(`${path} was renamed or deleted: reading it until nginx reopens its log`);
        isGone = true;
        past.between(null, []);
        // Absence is no failure as long as the file that nginx writes to is held: no line is missed.
        return found.is === 'absent' ? null : pathProblem(path, found, fs, accounts);
      case 'release':
        events.push(`${path} was deleted and has been quiet for an hour: closed`);
        files.release();
        return pathProblem(path, found, fs, accounts);
      case 'wait':
        return pathProblem(path, found, fs, accounts);
      case 'stay':
        isGone = false;
        return null;
    }
  }

  function openAt(at: string, seen: FileStat): SourceProblem | null {
    isGone = false;
    if (files.moveBack(seen)) {
      events.push(`${path} is again the file from before the rotation`);
      return null;
    }
    const opened = openLog(fs, accounts, at, seen);
    if (opened.is === 'refused' && isFirstPoll) seenAtStart = seen;
    if (opened.is === 'refused') return opened.problem;
    if (opened.is === 'changed') return null;
    const { fd, stat } = opened;
    const other = otherReader(stat);
    if (other !== null) {
      if (!isDuplicate) events.push(`${path} is the same file as ${other}: counted once`);
      isDuplicate = true;
      fs.close(fd);
      return null;
    }
    isDuplicate = false;
    const before = files.current();
    if (before !== null) events.push(`${path} was rotated: reading the new file`);
    const beginning = whereToBegin(fd, stat);
    past.between(stat, resume);
    files.begin(fd, stat, beginning.offset);
    if (beginning.isHistory) events.push(`${path}: ${beginning.offset} bytes from before the start are not counted`);
    resume = [];
    seenAtStart = null;
    return null;
  }

  /** The path under which somebody else reads this very file. What somebody has read and let go of is continued. */
  function otherReader(stat: FileStat): string | null {
    const file = known.find(stat);
    return file === null || !file.isOpen || file.owner === owner ? null : file.owner.path;
  }

  function whereToBegin(fd: number, stat: FileStat): { offset: number; isHistory?: boolean } {
    const head = (length: number) => readHead(fs, fd, length);
    const again = known.find(stat);
    if (again !== null && isSameFile(again, stat, head)) return { offset: again.lineOffset };
    const mark = resume.find((candidate) => isUnchanged(candidate, stat, head));
    if (mark !== undefined) return { offset: mark.offset };
    const before = files.current();
    if (before !== null) return { offset: copiedLength(fs, before, fd, stat.size) };
    // A file that is not the one of the checkpoint came after it: nothing of it has been counted.
    if (resume.length > 0) return { offset: 0 };
    if (isFirstPoll && !isNew) return { offset: stat.size, isHistory: stat.size > 0 };
    const isOld = seenAtStart !== null && seenAtStart.dev === stat.dev && seenAtStart.ino === stat.ino;
    return isOld ? { offset: Math.min(seenAtStart?.size ?? 0, stat.size), isHistory: true } : { offset: 0 };
  }

  function readingFailed(code: string): SourceProblem {
    // A stale NFS handle stays stale; the path may lead to the same file still, and then reading continues in it.
    if (code === 'ESTALE') files.release();
    return ioProblem(path, code);
  }

  function held(read: ReadResult | null): Parameters<typeof nextTailStep>[0] {
    const file = files.current();
    if (file === null || read === null) return null;
    const stat = attempt(() => fs.fstat(file.fd));
    const links = stat.ok ? stat.value.links : 1;
    if (stat.ok && read.intact) file.modifiedMs = stat.value.modifiedMs;
    return { dev: file.dev, ino: file.ino, intact: read.intact, links, quietMs: now() - file.lastGrowth };
  }

  /** A file of the checkpoint that was read on since, and let go, is over: its old mark would count it twice. */
  function marks(): readonly TailMark[] {
    const isRead = ({ dev, ino }: TailMark) => known.find({ dev: BigInt(dev), ino: BigInt(ino) }) !== null;
    return [...resume.filter((mark) => !isRead(mark)), ...files.marks()];
  }

  return { name: path, poll, close: files.close, mark: marks, marks };
}

function atPath(found: Standing): AtPath {
  if (found.is === 'file') return { is: 'file', dev: found.stat.dev, ino: found.stat.ino };
  return { is: found.is === 'absent' ? 'absent' : 'unusable' };
}
