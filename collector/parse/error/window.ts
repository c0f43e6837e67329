/**
 * The lines that wait, all within the length of one record. A client can make thousands of them out of one request, so
 * none is checked again and again: only those that begin like nginx's are walked through, and of these no more than
 * some hundred have room.
 */
import type { ErrorLine } from '../../model.ts';
import {
  channelsOf,
  holdsLineFeed,
  isContinued,
  matters,
  mayBeBegun,
  mergedSlashes,
  type RequestLines,
} from './forged.ts';
import type { Open } from './open.ts';
import { type ByteLength, byteLength, isCutLength, recordReach } from './size.ts';

export interface WaitingLine {
  readonly text: string;
  /** null where no line of nginx's begins. */
  readonly line: ErrorLine | null;
  /** What it still waited for when the next line came. */
  open: Open;
  is: 'line' | 'doubtful' | 'forged' | 'continuation' | 'foreign';
  /** The how manieth it is. */
  readonly at: number;
  /** Bytes of its end. */
  readonly lineEnd: number;
  /** As the decoded path of a request is compared. */
  readonly merged: string;
  /** Of the line from which on all are condemned, up to this one. */
  condemnedFrom: number | null;
}

interface Begun extends WaitingLine {
  readonly line: ErrorLine;
  /** Bytes of all lines before it. */
  readonly before: ByteLength;
  /** Its end has been seen. */
  isOver: boolean;
}

/** A client's text may have broken it up. */
export interface Breakable extends Begun {
  readonly mayBeBegun: boolean;
  /** By which a client's text came into it. */
  readonly channels: number;
  /** What its own requests would make of the lines behind it, as long as these are the same. */
  awaited: readonly RequestLines[];
}

export interface Window {
  /** Adds a line. @returns those that no record can reach any more */
  push(
    entry: Pick<WaitingLine, 'text' | 'line' | 'open' | 'is' | 'lineEnd'>,
    requests: readonly RequestLines[],
  ): readonly WaitingLine[];
  /** Takes so many from the front. */
  take(count: number): readonly WaitingLine[];
  /** Takes those that no record can reach any more that ends so many characters behind the last one. */
  takeBefore(characters: number): readonly WaitingLine[];
  /** Nothing waits that a line of nginx's could be a part of. */
  isCalm(): boolean;
  readonly size: () => number;
  /** The line so many lines before the last one. */
  ago(count: number): WaitingLine | undefined;
  /** How many lines ago the furthest stands that is so; null when none is. */
  furthest(isSo: (entry: Breakable) => boolean): number | null;
  /** The same of one whose own requests make all lines behind it, up to the last one. */
  furthestFollowed(): number | null;
  /** How many lines before the last one the nearest line of nginx's stands that is so; null when none is. */
  nearest(isSo: (entry: Begun) => boolean): number | null;
  /** Whether a record that began there ends with the last line, at the end of nginx's buffer. */
  isCutHere(entry: Begun): boolean;
  /** Whether a line of nginx's stands between that one and the last one, which is none. */
  hasLineBehind(entry: Breakable): boolean;
  /** What belongs to a record that a client had broken up counts for nothing. */
  condemn(ago: number): void;
  /** Lines that a client may have had printed: nothing proves it, so others have to vouch for them. */
  suspect(ago: number): void;
  /** The same of all behind that one, with the last one. */
  doubt(ago: number): void;
  /** How many stand before the first that may continue, where a line that counts stands behind it; else null. */
  half(): number | null;
}

/** Those from there on, the last first. */
function* backTo<T extends WaitingLine>(entries: readonly T[], from: number): Generator<T> {
  for (let index = entries.length - 1; index >= 0; index--) {
    const entry = entries[index];
    if (entry === undefined || entry.at < from) return;
    yield entry;
  }
}

/** @returns whether what is left of the requests may be this line; narrows them to these */
function isNext(entry: Breakable, { merged, at }: WaitingLine): boolean {
  const ago = at - entry.at;
  let isFollowed = false;
  entry.awaited = entry.awaited.filter((lines) => {
    const own = lines[ago] ?? '';
    const isLast = ago === lines.length - 1;
    const isSame = isLast ? isContinued(merged, own) : merged === own;
    isFollowed ||= isSame;
    return isSame && !isLast;
  });
  return isFollowed;
}

export function createWindow(): Window {
  const entries: WaitingLine[] = [];
  /** Of `entries`, those before have been taken. */
  let first = 0;
  let pushed = 0;
  const begun: Begun[] = [];
  /** Without any, nothing can be forged. */
  const breakables: Breakable[] = [];
  let awaiting: readonly Breakable[] = [];
  /** Of all that wait, in characters: bytes are at least as many. */
  let length = 0;
  let bytes: ByteLength = { least: 0, most: 0 };
  let followed: number | null = null;

  const size = () => entries.length - first;
  const ago = (count: number) => (count < size() ? entries[entries.length - 1 - count] : undefined);

  function take(count: number): readonly WaitingLine[] {
    const taken = entries.slice(first, first + count);
    first += taken.length;
    for (const { text, at } of taken) {
      length -= text.length + 1;
      if (begun[0]?.at === at) begun.shift();
      if (breakables[0]?.at === at) breakables.shift();
    }
    // Each one is moved once at most.
    if (first * 2 >= entries.length) {
      entries.splice(0, first);
      first = 0;
    }
    return taken;
  }

  function begin(entry: Begun, requests: readonly RequestLines[]): Begun {
    const { line, open, text } = entry;
    const mayBegin = mayBeBegun(line);
    if (open === null && !mayBegin && !holdsLineFeed(text)) return entry;
    const breakable = { ...entry, mayBeBegun: mayBegin, channels: channelsOf(line), awaited: requests };
    breakables.push(breakable);
    return breakable;
  }

  function count({ text, lineEnd }: WaitingLine): void {
    const { least, most } = byteLength(text);
    bytes = { least: bytes.least + least + lineEnd, most: bytes.most + most + lineEnd };
  }

  /** How many must go, at most so many, for the rest and what is behind it to be within the reach of one record. */
  function outOfReach(behind: number, most: number): number {
    let gone = 0;
    for (let left = length + behind; left > recordReach && gone < most; gone++)
      left -= (entries[first + gone]?.text.length ?? 0) + 1;
    return gone;
  }

  /** Checks each line behind one that makes lines, once. */
  function follow(last: WaitingLine): void {
    followed = null;
    if (awaiting.length === 0) return;
    awaiting = awaiting.filter((entry) => {
      if (entry.at < (entries[first]?.at ?? 0)) return false;
      if (isNext(entry, last)) followed ??= last.at - entry.at;
      return entry.awaited.length > 0;
    });
  }

  return {
    push({ text, line, ...state }, requests) {
      const plain = { text, line, ...state, at: pushed++, merged: mergedSlashes(text), condemnedFrom: null };
      const entry = line === null ? plain : begin({ ...plain, line, isOver: false, before: bytes }, requests);
      entries.push(entry);
      if ('isOver' in entry) begun.push(entry as Begun);
      length += text.length + 1;
      count(entry);
      const gone = take(outOfReach(0, size() - 1));
      follow(entry);
      const newest = breakables.at(-1);
      if (newest === entry && newest.awaited.length > 0) awaiting = [...awaiting, newest];
      return gone;
    },
    take,
    takeBefore: (characters) => take(outOfReach(characters, size())),
    isCalm: () => breakables.length === 0 && awaiting.length === 0,
    size,
    ago,

    furthest(isSo) {
      const last = pushed - 1;
      const found = breakables.find((entry) => entry.at < last && isSo(entry));
      return found === undefined ? null : last - found.at;
    },

    furthestFollowed: () => followed,
    nearest(isSo) {
      for (const entry of backTo(begun, 0)) if (entry.at < pushed - 1 && isSo(entry)) return pushed - 1 - entry.at;
      return null;
    },

    isCutHere({ before }) {
      // The last line feed is none of the record's.
      return isCutLength({ least: bytes.least - before.least - 1, most: bytes.most - before.most - 1 });
    },

    hasLineBehind: ({ at }) => (begun.at(-1)?.at ?? 0) > at,

    condemn(count) {
      const last = ago(0);
      if (last === undefined) return;
      const from = Math.max(last.at - count, last.at - size() + 1);
      let at = last.at;
      while (at >= from) {
        const entry = ago(last.at - at);
        if (entry?.line === null) entry.is = 'continuation';
        at = (entry?.condemnedFrom ?? at) - 1;
      }
      last.condemnedFrom = Math.min(from, at + 1);
      for (const entry of backTo(begun, from)) {
        if (entry.at > last.at - count || matters(entry.line)) entry.is = 'forged';
        entry.isOver = true;
      }
    },

    suspect(count) {
      for (const entry of backTo(begun, pushed - 1 - count)) {
        if (entry.at === pushed - 1) continue;
        if (entry.is === 'line' && matters(entry.line)) entry.is = 'doubtful';
        entry.isOver = true;
      }
    },

    doubt(count) {
      for (const entry of backTo(begun, pushed - count))
        if (entry.is === 'line' && matters(entry.line)) entry.is = 'doubtful';
    },

    half() {
      const waits = breakables.find((entry) => entry.open !== null || entry.mayBeBegun);
      if (waits === undefined) return null;
      const counts = begun.some(({ at, is, line }) => at > waits.at && is === 'line' && matters(line));
      return counts ? waits.at - (pushed - size()) : null;
    },
  };
}
