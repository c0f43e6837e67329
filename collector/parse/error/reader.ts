/**
 * Which physical lines belong to nginx. nginx writes a record with one write(2), so its lines follow each other; a
 * message may hold raw newlines (`FastCGI sent in stderr: "PHP message: …`, Lua stack traces, a decoded `%0a`), and
 * the context fields stand at the end of the last line. A record is never longer than nginx's buffer.
 *
 * A newline of a client's makes lines that look like nginx's. What betrays them comes behind them, so lines wait until
 * no record that began before them can still continue, or until nothing more has been written.
 */
import type { CountedLine, ErrorLine } from '../../model.ts';
import { createJudge } from '../waiting/judge.ts';
import type { WaitingLine } from '../waiting/waiting-line.ts';
import { createWindow } from '../waiting/window.ts';
import { decodedRequests, isDebug, mayEndLogin } from './forged.ts';
import { parseStrictErrorLine } from './line.ts';
import { isEnd, type Open, openOf } from './open.ts';
import { byteLength, longestRecord } from './size.ts';
import { createVouching, type VouchedSubject } from './vouching.ts';

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
  vouch(line: CountedLine, subject: VouchedSubject): void;
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
  const judge = createJudge(waiting);

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

  function readMatched(text: string, line: ErrorLine, lineEnd: number): void {
    open = openOf(text, line);
    if (open !== null) room = longestRecord - byteLength(text).least;
    const requests = decodedRequests(text);
    handOn(waiting.push({ text, line, open: isDebug(line) ? null : open, is: 'line', lineEnd }, requests));
    judge.line(text, line, requests, countBefore);
  }

  function readOther(text: string, lineEnd: number): void {
    const taken = open === null ? 0 : byteLength(text).least + 1;
    const isOpen = open !== null && room >= taken;
    const requests = decodedRequests(text);
    handOn(waiting.push({ text, line: null, open: null, is: isOpen ? 'continuation' : 'foreign', lineEnd }, requests));
    judge.rest(text, requests, isOpen, countBefore);
    if (!isOpen) open = null;
    room -= taken;
    if (open !== null && (isEnd(text, open) || isFull())) close();
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
