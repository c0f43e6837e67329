/**
 * Which physical lines belong to nginx. nginx writes a record with one write(2), so its lines follow each other; a
 * message may hold raw newlines (`FastCGI sent in stderr: "PHP message: …`, Lua stack traces, a decoded `%0a`), and
 * the context fields stand at the end of the last line. A record is never longer than nginx's buffer.
 */
import type { ErrorLine } from '../model.ts';
import { parseStrictErrorLine } from './error-line.ts';
import { byteLength, isBufferCut, longestRecord } from './error-size.ts';

export type Reading =
  | {
      readonly state: 'matched';
      readonly line: ErrorLine;
      /**
       * It began while the record before it lacked its closing quote and its context. nginx never leaves a record so:
       * the newline came out of a client's URI, and so did this line.
       */
      readonly inside: boolean;
    }
  | { readonly state: 'continuation' }
  | { readonly state: 'foreign' };

export interface ErrorLineReader {
  /** Takes the next physical line, without its line feed. */
  read(text: string): Reading;
  /** Forgets an unfinished record: after lines were lost or skipped, or at the beginning of a file. */
  reset(): void;
}

/** What the record still waits for: the context behind its message, or the quote that closes a field. */
type Open = 'context' | 'quote' | null;

const multiline = /^(?:\[lua\]|lua |js: |FastCGI sent in stderr)/;
const hasContext = /, (?:(?:udp )?client|context): /;
const continuation = { state: 'continuation' } as const;
const foreign = { state: 'foreign' } as const;

function hasOddQuotes(text: string): boolean {
  let odd = false;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) odd = !odd;
  return odd;
}

function openOf(text: string, line: ErrorLine): Open {
  if (isBufferCut(text)) return null;
  if (!hasContext.test(text)) {
    if (multiline.test(line.message)) return 'context';
    return line.connection !== null && hasOddQuotes(text) ? 'quote' : null;
  }
  return line.truncated && !text.endsWith('"') ? 'quote' : null;
}

export function errorLineReader(): ErrorLineReader {
  let open: Open = null;
  /** Bytes that the record may still take. */
  let room = 0;

  function readMatched(text: string, line: ErrorLine): Reading {
    const inside = open === 'quote';
    open = openOf(text, line);
    room = longestRecord - byteLength(text).least;
    return { state: 'matched', line, inside };
  }

  function readOther(text: string): Reading {
    if (open === null) return foreign;
    room -= byteLength(text).least + 1;
    if (room < 0) {
      open = null;
      return foreign;
    }
    if (hasContext.test(text) || (open === 'quote' && text.endsWith('"'))) open = null;
    return continuation;
  }

  return {
    read(text) {
      const line = parseStrictErrorLine(text);
      return line === null ? readOther(text) : readMatched(text, line);
    },
    reset() {
      open = null;
    },
  };
}
