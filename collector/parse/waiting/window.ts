/**
 * The lines that wait, all within the length of one record. A client can make thousands of them out of one request, so
 * none is checked again and again: only those that begin like nginx's are walked through, and of these no more than
 * some hundred have room.
 */
import { channelsOf, holdsLineFeed, matters, mayBeBegun, mergedSlashes, type RequestLines } from '../error/forged.ts';
import { type ByteLength, byteLength, isCutLength, recordReach } from '../error/size.ts';
import { createAwaited } from './awaited.ts';
import type { Begun, Breakable, WaitingLine } from './waiting-line.ts';

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

export function createWindow(): Window {
  const entries: WaitingLine[] = [];
  /** Of `entries`, those before have been taken. */
  let first = 0;
  let pushed = 0;
  const begun: Begun[] = [];
  /** Without any, nothing can be forged. */
  const breakables: Breakable[] = [];
  const awaited = createAwaited();
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

  function begin(entry: Begun): Begun {
    const { line, open, text } = entry;
    const mayBegin = mayBeBegun(line);
    if (open === null && !mayBegin && !holdsLineFeed(text)) return entry;
    const breakable = { ...entry, mayBeBegun: mayBegin, channels: channelsOf(line) };
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

  return {
    push({ text, line, ...state }, requests) {
      const plain = { text, line, ...state, at: pushed++, merged: mergedSlashes(text), condemnedFrom: null };
      const entry = line === null ? plain : begin({ ...plain, line, isOver: false, before: bytes });
      entries.push(entry);
      if ('isOver' in entry) begun.push(entry as Begun);
      length += text.length + 1;
      count(entry);
      const gone = take(outOfReach(0, size() - 1));
      followed = awaited.next(entry, entries[first]?.at ?? 0);
      const newest = breakables.at(-1);
      if (newest === entry) awaited.add(newest, requests);
      return gone;
    },
    take,
    takeBefore: (characters) => take(outOfReach(characters, size())),
    isCalm: () => breakables.length === 0 && awaited.isEmpty(),
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
