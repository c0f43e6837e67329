/**
 * Which physical lines belong to nginx. nginx writes a record with one write(2), so its lines follow each other; a
 * message may hold raw newlines (`FastCGI sent in stderr: "PHP message: …`, Lua stack traces, a decoded `%0a`), and
 * the context fields stand at the end of the last line. A record is never longer than nginx's buffer.
 *
 * A newline of a client's makes lines that look like nginx's. What betrays them comes behind them, so lines wait until
 * no record that began before them can still go on, or until nothing more has been written.
 */
import type { ErrorLine } from '../../model.ts';
import {
  debugLinesBefore,
  endsRecord,
  hasTwoContexts,
  holdsLineFeed,
  isDebug,
  isFollowedBy,
  lacksConnection,
  linesBefore,
  matters,
  mayBeBegun,
  mayEnd,
  mayEndLogin,
  mayGoOn,
} from './forged.ts';
import { parseStrictErrorLine } from './line.ts';
import { isEnd, type Open, openOf } from './open.ts';
import { areCut, byteLength, longestRecord } from './size.ts';
import { createVouching } from './vouching.ts';

export interface ErrorLineSink {
  /** A line that nginx wrote, as far as can be seen. */
  line(text: string, line: ErrorLine): void;
  /** A client had nginx print it. */
  forged(text: string): void;
  /** It belongs to a record of nginx's, but begins none. */
  continuation(text: string): void;
  foreign(text: string): void;
}

export interface ErrorLineReader {
  /** Takes the next physical line, without its line feed. */
  read(text: string): void;
  /**
   * Nothing more has been written for now: what waits is handed on.
   *
   * @param mayWait what may be half a record waits once more
   */
  pause(mayWait: boolean): void;
  /** Nothing more will come. */
  end(): void;
  /** Lines are missing here. */
  reset(): void;
}

interface Entry {
  readonly text: string;
  /** null where no line of nginx's begins. */
  readonly line: ErrorLine | null;
  /** What it still waited for when the next line came. */
  open: Open;
  /** Its end has been seen. */
  isOver: boolean;
  /** A client's text may have broken it up: its request holds a line feed, or its message what a client sent. */
  readonly isBreakable: boolean;
  is: 'line' | 'doubtful' | 'forged' | 'continuation' | 'foreign';
}

/** With the line feed. */
const reach = longestRecord + 1;

/** @param parse which line of nginx's a physical line is, or null */
export function errorLineReader(
  sink: ErrorLineSink,
  parse: (text: string) => ErrorLine | null = parseStrictErrorLine,
): ErrorLineReader {
  /** In their order; all lie in reach of one record that began with the first. */
  const waiting: Entry[] = [];
  /** How many of them a client's text may have broken up; without any, nothing can be forged. */
  let breakable = 0;
  /** Of all that wait, in characters: bytes are at least as many. */
  let length = 0;
  let open: Open = null;
  /** Bytes that the record may still take. */
  let room = 0;
  let hasPaused = false;
  const vouching = createVouching(sink);

  function handOn(count: number): void {
    for (const { text, line, is, isBreakable } of waiting.splice(0, count)) {
      length -= text.length + 1;
      if (isBreakable) breakable--;
      if (line === null || is === 'forged') sink[is === 'forged' || is === 'continuation' ? is : 'foreign'](text);
      else if (is === 'doubtful') vouching.doubt(text, line);
      else {
        vouching.saw(line);
        sink.line(text, line);
      }
    }
  }

  const before = (ago: number): Entry | undefined => waiting[waiting.length - 1 - ago];
  const textBefore = (ago: number): string | null => before(ago)?.text ?? null;

  /** What belongs to a record that a client had broken up, `ago` lines back, counts for nothing. */
  function condemn(ago: number): void {
    for (let n = 0; n <= ago; n++) {
      const entry = before(n);
      if (entry === undefined) return;
      if (entry.line === null) entry.is = 'continuation';
      else if (n !== ago || matters(entry.line)) entry.is = 'forged';
      entry.isOver = true;
    }
  }

  /** Lines that a client may have had printed: nothing proves it, so others have to vouch for them. */
  function suspect(ago: number): void {
    for (const entry of waiting.slice(-1 - ago, -1)) {
      if (entry.is === 'line' && entry.line !== null && matters(entry.line)) entry.is = 'doubtful';
      entry.isOver = true;
    }
  }

  /** How many lines ago the furthest stands that is so; null when none is. */
  function furthest(isSo: (line: ErrorLine, entry: Entry, ago: number) => boolean): number | null {
    if (breakable === 0) return null;
    const last = waiting.length - 1;
    const at = waiting.findIndex(
      (entry, place) =>
        place < last && entry.line !== null && entry.isBreakable && isSo(entry.line, entry, last - place),
    );
    return at === -1 ? null : last - at;
  }

  /** Whether a record that began so many lines ago ends here at the end of nginx's buffer. */
  const isCutHere = (ago: number): boolean => areCut(waiting.slice(-1 - ago).map(({ text }) => text));

  /** How many lines ago the record began of which this line is a part for certain; null where nothing says so. */
  function splitBefore(text: string, isLine: boolean): number | null {
    const proven = linesBefore(text, isLine, textBefore);
    if (proven !== null) return proven;
    return furthest((_, first, ago) =>
      isFollowedBy(
        first.text,
        waiting.slice(-ago).map((entry) => entry.text),
      ),
    );
  }

  /** The same where a record that lacks its end lies further back, and this is, or can be, that end. */
  function splitOpen(text: string): number | null {
    return furthest((line, first, ago) => {
      if (first.open === null || line.connection === null) return false;
      const hasLineBetween = ago > 1 && waiting.slice(-ago, -1).some((entry) => entry.line !== null);
      return (
        hasLineBetween && (isCutHere(ago) || mayGoOn(line, text) || (first.open === 'message' && endsRecord(text)))
      );
    });
  }

  function judgeLine(entry: Entry, line: ErrorLine): void {
    const { text } = entry;
    if (lacksConnection(line)) entry.is = 'forged';
    const split = splitBefore(text, true);
    if (split !== null || !matters(line)) {
      if (split !== null) condemn(split);
    } else if (hasTwoContexts(text)) {
      suspect(furthest((first) => mayGoOn(first, text)) ?? 0);
      entry.is = 'forged';
    } else if (mayEndLogin(before(1)?.line ?? null, line)) entry.is = 'doubtful';
    else judgeEnd();
  }

  /**
   * It may end where nginx cut a record that a client's text had got into: then nothing stands behind that text. By
   * chance real lines end there, too.
   */
  function judgeEnd(): void {
    const begun = furthest((first, { open: state, isOver }, ago) => {
      return !isOver && (state !== null || mayBeBegun(first)) && isCutHere(ago);
    });
    if (begun === null) return;
    if (before(begun)?.open !== null) condemn(begun);
    else for (const each of waiting.slice(-begun)) if (each.is === 'line') each.is = 'doubtful';
  }

  function push(entry: Entry): void {
    waiting.push(entry);
    if (entry.isBreakable) breakable++;
    length += entry.text.length + 1;
    let gone = 0;
    for (let left = length; left > reach && gone < waiting.length - 1; gone++)
      left -= (waiting[gone]?.text.length ?? 0) + 1;
    if (gone > 0) handOn(gone);
  }

  function readMatched(text: string, line: ErrorLine): void {
    open = openOf(text, line);
    if (open !== null) room = longestRecord - byteLength(text).least;
    const lacksEnd = isDebug(line) ? null : open;
    const isBreakable = lacksEnd !== null || mayBeBegun(line) || holdsLineFeed(text);
    const entry: Entry = { text, line, open: lacksEnd, isOver: false, isBreakable, is: 'line' };
    push(entry);
    judgeLine(entry, line);
  }

  function readOther(text: string): void {
    const isOpen = open !== null && room >= byteLength(text).least + 1;
    push({ text, line: null, open: null, isOver: true, isBreakable: false, is: isOpen ? 'continuation' : 'foreign' });
    const split = splitBefore(text, false) ?? splitOpen(text);
    if (split !== null) condemn(split);
    else if (!isOpen) splitClosed(text);
    if (!isOpen) open = null;
    room -= byteLength(text).least + 1;
    if (open !== null && (isEnd(text, open) || isFull())) close();
  }

  /** A rest behind a line that looked whole. */
  function splitClosed(text: string): void {
    const ago = furthest((line) => mayEnd(line, text)) ?? debugLinesBefore(text, waiting.slice(0, -1));
    if (ago === null) judgeEnd();
    else condemn(ago);
  }

  /** Whether the open record has come to the end of nginx's buffer: its own end is lost. */
  function isFull(): boolean {
    const begun = waiting.map(({ line }) => line !== null).lastIndexOf(true);
    return begun !== -1 && isCutHere(waiting.length - 1 - begun);
  }

  /** The record has come to its end. */
  function close(): void {
    const nearest = [...waiting].reverse().find((entry) => entry.open !== null);
    if (nearest !== undefined) nearest.open = null;
    open = null;
  }

  return {
    read(text) {
      hasPaused = false;
      const line = parse(text);
      if (line === null) readOther(text);
      else readMatched(text, line);
    },

    pause(mayWait) {
      const begun = waiting.findIndex(({ line, open: state }) => line !== null && (state !== null || mayBeBegun(line)));
      const isHalf =
        begun !== -1 &&
        waiting.slice(begun + 1).some(({ line, is }) => is === 'line' && line !== null && matters(line));
      handOn(isHalf && mayWait && !hasPaused ? begun : waiting.length);
      hasPaused = true;
    },

    end() {
      handOn(waiting.length);
      vouching.end();
    },

    reset() {
      handOn(waiting.length);
      open = null;
    },
  };
}
