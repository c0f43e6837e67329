/**
 * Which physical lines belong to nginx. nginx writes a record with one write(2), so its lines follow each other; a
 * message may hold raw newlines (`FastCGI sent in stderr: "PHP message: …`, Lua stack traces, a decoded `%0a`), and
 * the context fields stand at the end of the last line. A record is never longer than nginx's buffer.
 */
import type { ErrorLine } from '../../model.ts';
import { parseStrictErrorLine } from './line.ts';
import { byteLength, isBufferCut, longestRecord } from './size.ts';

export type Reading =
  | {
      readonly state: 'matched';
      readonly line: ErrorLine;
      /**
       * It began while the record before it lacked its context or a closing quote. nginx never leaves a record so: the
       * line feed came out of a client's URI, and so did this line. Only the careless forger is caught by this.
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

/**
 * What the record still waits for: the end of what an application printed, the context behind a stack trace or behind
 * a message that quotes, or the quote that closes a field.
 */
type Open = 'output' | 'trace' | 'message' | 'field' | null;

const output = /^FastCGI sent in stderr/;
const trace = /^(?:\[lua\]|lua |js: )/;
const outputEnd = /" while [A-Za-z ]{1,64}, (?:udp )?client: /;
const contextFields = /, (?:(?:udp )?client|context): /;
const continuation = { state: 'continuation' } as const;
const foreign = { state: 'foreign' } as const;

function openOf(text: string, line: ErrorLine): Open {
  if (isBufferCut(text)) return null;
  if (output.test(line.message)) return outputEnd.test(text) ? null : 'output';
  if (!contextFields.test(text)) {
    if (trace.test(line.message)) return 'trace';
    return line.connection !== null && text.includes('"') ? 'message' : null;
  }
  return line.truncated && !text.endsWith('"') ? 'field' : null;
}

/** Whether the record ends with this line. */
function isEnd(text: string, open: Open): boolean {
  if (open === 'output') return outputEnd.test(text);
  return open === 'field' ? text.endsWith('"') : contextFields.test(text);
}

export function errorLineReader(): ErrorLineReader {
  let open: Open = null;
  /** Bytes that the record may still take. */
  let room = 0;

  function readMatched(text: string, line: ErrorLine): Reading {
    const inside = open === 'message' || open === 'field';
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
    if (isEnd(text, open)) open = null;
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
