/**
 * Which physical lines belong to nginx. nginx writes a record with one write(2), so its lines follow each other; a
 * message may hold raw newlines (`FastCGI sent in stderr: "PHP message: …`, Lua stack traces, a decoded `%0a`), and
 * the context fields stand at the end of the last line. A record is never longer than nginx's buffer.
 *
 * A newline of a client's makes lines that look like nginx's. What betrays them comes behind them, so lines wait until
 * no record that began before them can still continue, or until nothing more has been written.
 */
import { once } from '../../base/once.ts';
import type { CountedLine, ErrorLine } from '../../model.ts';
import {
  channelsEnded,
  decodedRequests,
  endsRecord,
  endsWithoutRequest,
  hasTwoContexts,
  isDebug,
  lacksConnection,
  linesBefore,
  loginChannel,
  matters,
  mayEndLogin,
  quoteChannel,
  type RequestLines,
} from './forged.ts';
import { parseStrictErrorLine } from './line.ts';
import { isEnd, type Open, openOf } from './open.ts';
import { byteLength, longestRecord } from './size.ts';
import { createVouching } from './vouching.ts';
import { type Breakable, createWindow, type WaitingLine } from './window.ts';

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
  /** Takes the next physical line, without its line feed. A carriage return before that counts for its length alone. */
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
  /**
   * Whether a line that holds no doubt in itself would be believed whatever comes next, but for a record that ends
   * behind it: then it may wait outside, as it is (parse/storm).
   */
  isCalm(): boolean;
  /** Hands on what no record can reach any more that ends behind so many characters of lines that wait outside. */
  makeRoom(characters: number): void;
  /** A line that has waited outside is handed on: it vouches for others. */
  vouch(line: CountedLine, subject: string): void;
}

/** @param parse which line of nginx's a physical line is, or null */
export function errorLineReader(
  sink: ErrorLineSink,
  parse: (text: string) => ErrorLine | null = parseStrictErrorLine,
): ErrorLineReader {
  /** In their order; all lie in reach of one record that began with the first. */
  const waiting = createWindow();
  let open: Open = null;
  /** Bytes that the record may still take. */
  let room = 0;
  let hasPaused = false;
  /** Lines that were read here, and how many of them before the last pause. */
  let count = 0;
  let countBefore = 0;
  const vouching = createVouching(sink);

  function handOn(entries: readonly WaitingLine[]): void {
    for (const { text, line, is } of entries) {
      if (line === null || is === 'forged') sink[is === 'forged' || is === 'continuation' ? is : 'foreign'](text);
      else if (is === 'doubtful') vouching.doubt(text, line);
      else {
        vouching.saw(line);
        sink.line(text, line);
      }
    }
  }

  const textBefore = (ago: number): string | null => waiting.ago(ago)?.merged ?? null;

  /** How many lines ago the record began of which this line is a part for certain; null where nothing says so. */
  function splitBefore(requests: readonly RequestLines[], isLine: boolean): number | null {
    return linesBefore(requests, isLine, textBefore) ?? waiting.furthestFollowed();
  }

  /** The same where a record that lacks its end lies further back, and this is, or can be, that end. */
  function splitOpen(text: string): number | null {
    const ended = once(() => channelsEnded(text));
    const isEnding = once(() => endsRecord(text));
    return waiting.furthest((first) => {
      if (first.open === null || first.line.connection === null || !waiting.hasLineBehind(first)) return false;
      return waiting.isCutHere(first) || (first.channels & ended()) !== 0 || (first.open === 'message' && isEnding());
    });
  }

  function judgeLine(text: string, line: ErrorLine, requests: readonly RequestLines[]): void {
    const entry = waiting.ago(0);
    if (entry === undefined) return;
    if (lacksConnection(line)) entry.is = 'forged';
    const split = splitBefore(requests, true);
    if (split !== null) {
      waiting.condemn(split);
      return;
    }
    if (matters(line) && hasTwoContexts(text)) {
      const ended = channelsEnded(text);
      waiting.suspect(waiting.furthest(({ channels }) => (channels & ended) !== 0) ?? 0);
      entry.is = 'forged';
    } else if (matters(line) && mayEndLogin(waiting.ago(1)?.line ?? null, line)) entry.is = 'doubtful';
    judgeQuote(text);
    judgeEnd();
  }

  /**
   * It may end where nginx cut a record that a client's text had got into: behind that text stands nothing then, or what
   * completes a line that the client began. By chance real lines end there, too. What looks like the end of the record
   * before may be the client's.
   */
  function judgeEnd(): void {
    const isCut = (first: Breakable) => waiting.hasLineBehind(first) && waiting.isCutHere(first);
    const open = waiting.furthest((first) => !first.isOver && first.open !== null && isCut(first));
    if (open !== null) waiting.condemn(open);
    const begun = waiting.furthest((first) => first.mayBeBegun && isCut(first));
    if (begun !== null) waiting.doubt(begun);
  }

  /**
   * Two records that quote clients may be one, where what ends the second holds no request: a client had ended the first
   * itself, and begun the second. Records of two reads are none: clients that do no more than knock would hide failures.
   */
  function judgeQuote(text: string): void {
    if (!endsWithoutRequest(text)) return;
    const begun = waiting.furthest(({ channels, at }) => (channels & quoteChannel) !== 0 && at >= countBefore);
    if (begun !== null) waiting.doubt(begun);
  }

  function readMatched(text: string, line: ErrorLine, lineEnd: number): void {
    open = openOf(text, line);
    if (open !== null) room = longestRecord - byteLength(text).least;
    const requests = decodedRequests(text);
    handOn(waiting.push({ text, line, open: isDebug(line) ? null : open, is: 'line', lineEnd }, requests));
    judgeLine(text, line, requests);
  }

  function readOther(text: string, lineEnd: number): void {
    const taken = open === null ? 0 : byteLength(text).least + 1;
    const isOpen = open !== null && room >= taken;
    const requests = decodedRequests(text);
    handOn(waiting.push({ text, line: null, open: null, is: isOpen ? 'continuation' : 'foreign', lineEnd }, requests));
    const split = splitBefore(requests, false) ?? splitOpen(text) ?? (isOpen ? null : splitClosed(text));
    if (split !== null) waiting.condemn(split);
    else {
      judgeQuote(text);
      judgeEnd();
    }
    if (!isOpen) open = null;
    room -= taken;
    if (open !== null && (isEnd(text, open) || isFull())) close();
  }

  /** How many lines ago the record began of which this is the rest, where that looked complete; null where none did. */
  function splitClosed(text: string): number | null {
    const ended = once(() => channelsEnded(text));
    const isEnding = once(() => endsRecord(text));
    const ago = waiting.furthest(({ channels }) => {
      return (channels & ended()) !== 0 && ((channels & loginChannel) !== 0 || isEnding());
    });
    return ago ?? debugLinesBefore(text);
  }

  /**
   * How many lines before this one, which has no prefix, the debug line stands that it ends; null where it ends none.
   * nginx writes nothing of the kind behind a failure: a client's line feed has broken up what nginx had begun to quote.
   */
  function debugLinesBefore(text: string): number | null {
    const last = waiting.ago(1)?.line ?? null;
    if (last === null || !matters(last) || !text.includes('"')) return null;
    const ago = waiting.nearest(({ line }) => isDebug(line));
    return ago !== null && waiting.ago(ago)?.text.includes('"') === true ? ago : null;
  }

  /** Whether the open record has come to the end of nginx's buffer: its own end is lost. */
  function isFull(): boolean {
    const begun = waiting.nearest(() => true);
    return begun !== null && waiting.nearest(waiting.isCutHere) === begun;
  }

  /** The record has come to its end. */
  function close(): void {
    const ago = waiting.nearest((entry) => entry.open !== null);
    const nearest = ago === null ? undefined : waiting.ago(ago);
    if (nearest !== undefined) nearest.open = null;
    open = null;
  }

  return {
    read(text) {
      hasPaused = false;
      count++;
      const lineEnd = text.endsWith('\r') ? 2 : 1;
      const bare = lineEnd === 2 ? text.slice(0, -1) : text;
      const line = parse(bare);
      if (line === null) readOther(bare, lineEnd);
      else readMatched(bare, line, lineEnd);
    },

    pause(mayWait) {
      const half = mayWait && !hasPaused ? waiting.half() : null;
      handOn(waiting.take(half ?? waiting.size()));
      hasPaused = true;
      countBefore = count;
    },

    end() {
      handOn(waiting.take(waiting.size()));
      vouching.end();
    },

    reset() {
      handOn(waiting.take(waiting.size()));
      open = null;
    },

    isCalm: () => open === null && waiting.isCalm() && !mayEndLogin(waiting.ago(0)?.line ?? null, { protocol: 'http' }),
    makeRoom(characters) {
      if (waiting.size() > 0) handOn(waiting.takeBefore(characters));
    },
    vouch: vouching.saw,
  };
}
