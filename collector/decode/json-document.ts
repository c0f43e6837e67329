/**
 * JSON whose entries are not one a line: lists, objects one behind the other, exports in which the entries lie deeper, on
 * one line or printed over many. Each entry becomes a line. Everything else passes unchanged. Memory is bounded, whatever
 * the document's length. Pure.
 */
import { parseObject } from '../base/json.ts';
import {
  backslash,
  brace,
  braceEnd,
  bracket,
  bracketEnd,
  comma,
  isBlank,
  isJsonDocument,
  markIn,
  newline,
  quote,
} from './json-shape.ts';
import { ofEntry } from './wrappings.ts';

export interface JsonDocument {
  /** The bytes are valid during the call only. */
  chunk(bytes: Buffer): void;
  /** The input is over; another one may follow. */
  end(): void;
  /** Bytes that wait. */
  held(): number;
}

/** One that is open. */
interface Frame {
  readonly isList: boolean;
  /** Where it begins, of an object that may be an entry; below 0: it is `none`, or `tooLong` to be kept. */
  start: number;
  /** An entry inside it was handed on. */
  hasEntries: boolean;
}

const longestEntry = 1_048_576;
const deepest = 64;
const [none, tooLong] = [-1, -2];
const placeholder = Buffer.from(`(an entry of more than ${longestEntry} bytes)\n`);
const end = Buffer.from('\n');

/** @param onward takes complete lines, or bytes as they came */
export function createJsonDocument(onward: (bytes: Buffer) => void): JsonDocument {
  let mode: 'undecided' | 'plain' | 'document' = 'undecided';
  /** What is still needed of the input, and how far it was read. */
  let text: Buffer = Buffer.alloc(0);
  let at = 0;
  let frames: Frame[] = [];
  /** Levels below those that are kept. */
  let beyond = 0;
  /** Where the string begins that is open, or -1. */
  let string = -1;
  /** Of an input that is not such a document from here on: a line that is none of JSON's. */
  let isRaw = false;

  function handOn(from: number, to: number): void {
    const line = Buffer.from(text.subarray(from, to));
    for (let index = line.indexOf(newline); index !== -1; index = line.indexOf(newline, index)) line[index] = 32;
    onward(Buffer.concat([line, end]));
    for (const frame of frames) frame.hasEntries = true;
  }

  const innermost = (wanted: (frame: Frame) => boolean): Frame | undefined => frames.filter(wanted).at(-1);

  /** Whether what ends here lies in a list or in nothing, so that it may be an entry. */
  const isElement = (): boolean => beyond === 0 && (frames.at(-1)?.isList ?? true);
  const lists = (): number => frames.reduce((sum, { isList }) => sum + (isList ? 1 : 0), 0);

  function open(isList: boolean): void {
    if (beyond > 0 || frames.length >= deepest) beyond++;
    else frames.push({ isList, start: !isList && isElement() ? at : none, hasEntries: false });
  }

  function close(): void {
    if (beyond > 0) {
      beyond--;
      return;
    }
    const frame = frames.pop();
    if (frame?.start === tooLong && !frame.hasEntries) onward(placeholder);
    if (frame === undefined || frame.start < 0) return;
    const entry = parseObject(text.toString('utf8', frame.start, at + 1));
    const isLine = entry !== null && ofEntry(entry) !== undefined;
    if (isLine || (!frame.hasEntries && lists() <= 1)) handOn(frame.start, at + 1);
  }

  /** A string in a list is a line where it is more than a word or a number. */
  function closeString(): void {
    if (isElement() && text.subarray(string, at).includes(32)) handOn(string, at + 1);
    string = -1;
  }

  /** A line feed in a string is none of JSON's: what has begun is over, and lines follow. */
  function giveUp(): void {
    const begun = innermost((frame) => frame.start >= 0)?.start ?? string;
    if (begun !== -1 && begun < at) handOn(begun, at);
    frames = [];
    beyond = 0;
    string = -1;
  }

  /** What stands outside of everything, up to the line feed. */
  function passRaw(): void {
    const lineEnd = text.indexOf(newline, at);
    isRaw = lineEnd === -1;
    const to = isRaw ? text.length : lineEnd + 1;
    onward(text.subarray(at, to));
    at = to - 1;
  }

  function inString(byte: number): void {
    if (byte === backslash) at++;
    else if (byte === quote) closeString();
    else if (byte === newline) giveUp();
  }

  function outside(byte: number): void {
    if (byte === quote && frames.length > 0) string = at;
    else if (byte === brace || byte === bracket) open(byte === bracket);
    else if (byte === braceEnd || byte === bracketEnd) close();
    else if (frames.length === 0 && byte !== comma && byte !== newline && !isBlank(byte)) isRaw = true;
  }

  function read(): void {
    for (; at < text.length; at++) {
      const byte = text[at] as number;
      if (string !== -1) inString(byte);
      else if (!isRaw) outside(byte);
      if (isRaw) passRaw();
    }
    drop();
  }

  /** Of an entry that is too long nothing is kept. */
  function limit(): void {
    for (const frame of frames) if (frame.start >= 0 && text.length - frame.start > longestEntry) frame.start = tooLong;
    if (string !== -1 && text.length - string > longestEntry) string = text.length - 1;
  }

  /** Keeps what an entry that is open may need. */
  function drop(): void {
    limit();
    const starts = [...frames.map((frame) => frame.start), string].filter((start) => start >= 0);
    const first = Math.min(at, ...starts);
    text = Buffer.from(text.subarray(first));
    at -= first;
    if (string !== -1) string -= first;
    for (const frame of frames) if (frame.start >= 0) frame.start -= first;
  }

  function decide(isAll: boolean): void {
    const isDocument = isJsonDocument(text, isAll);
    if (isDocument === null) return;
    mode = isDocument ? 'document' : 'plain';
    if (isDocument) {
      at = markIn(text);
      read();
    } else {
      if (text.length > 0) onward(text);
      text = Buffer.alloc(0);
    }
  }

  return {
    chunk(bytes) {
      if (mode === 'plain') {
        onward(bytes);
        return;
      }
      text = Buffer.concat([text, bytes]);
      if (mode === 'document') read();
      else decide(false);
    },
    end() {
      if (mode === 'undecided') decide(true);
      if (mode === 'document') {
        const begun = innermost((frame) => frame.start >= 0 && !frame.hasEntries)?.start ?? -1;
        if (begun !== -1 && begun < text.length) handOn(begun, text.length);
      }
      mode = 'undecided';
      text = Buffer.alloc(0);
      at = 0;
      frames = [];
      beyond = 0;
      string = -1;
      isRaw = false;
    },
    held: () => text.length,
  };
}
