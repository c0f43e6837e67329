/**
 * Lines that a client's own request would make: nginx prints a path decoded, and a decoded line feed breaks it up. Where
 * the lines behind a record are those that its requests hold, they are the client's.
 */
import { isContinued, type RequestLines } from '../error/forged.ts';
import type { Breakable, WaitingLine } from './waiting-line.ts';

export interface Awaited {
  /**
   * Compares the last line with what is awaited, once.
   *
   * @param oldest the number of the first line that still waits
   * @returns how many lines ago the furthest record began that this line follows; null where it follows none
   */
  next(last: WaitingLine, oldest: number): number | null;
  /** From the next line on, lines of these requests are awaited behind this one. */
  add(entry: Breakable, requests: readonly RequestLines[]): void;
  isEmpty(): boolean;
}

interface Entry {
  readonly at: number;
  /** What its own requests would make of the lines behind it, as long as these are the same. */
  left: readonly RequestLines[];
}

/** @returns whether what is left of the requests may be this line; narrows them to these */
function isNext(entry: Entry, { merged, at }: WaitingLine): boolean {
  const ago = at - entry.at;
  let isFollowed = false;
  entry.left = entry.left.filter((lines) => {
    const own = lines[ago] ?? '';
    const isLast = ago === lines.length - 1;
    const isSame = isLast ? isContinued(merged, own) : merged === own;
    isFollowed ||= isSame;
    return isSame && !isLast;
  });
  return isFollowed;
}

export function createAwaited(): Awaited {
  let entries: readonly Entry[] = [];
  return {
    next(last, oldest) {
      let furthest: number | null = null;
      if (entries.length === 0) return null;
      entries = entries.filter((entry) => {
        if (entry.at < oldest) return false;
        if (isNext(entry, last)) furthest ??= last.at - entry.at;
        return entry.left.length > 0;
      });
      return furthest;
    },
    add({ at }, requests) {
      if (requests.length > 0) entries = [...entries, { at, left: requests }];
    },
    isEmpty: () => entries.length === 0,
  };
}
