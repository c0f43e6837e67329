import type { LineMatcher } from './match/fast.ts';
import { byte } from './values.ts';

/** Longer lines are skipped and counted: memory stays bounded whatever the log holds. */
export const longestLine = 65_536;

const newline = Buffer.from('\n');

export interface AccessLines {
  /** Takes the next bytes of the log. They are valid only during the call and may end anywhere. */
  chunk(bytes: Buffer): void;
  /** The file is over: an unfinished line will never be finished. */
  cut(): void;
  /** The input is over and complete: its last line counts also without a newline. */
  end(): void;
}

/** Each is called once per line, in order. */
export interface AccessLineHandlers {
  /** The matcher's record holds it. */
  matched(): void;
  unmatched(): void;
  /** It was longer than `longestLine`. */
  overlong(): void;
}

/**
 * Bytes of an access log → calls, one per line, in place: a line inside a chunk is never copied, only one that lies
 * across two chunks is.
 *
 * @param match the log_format's matcher, which leaves what it found in its record
 */
export function createAccessLines(match: LineMatcher, handlers: AccessLineHandlers): AccessLines {
  /** A Buffer like the chunks: the matcher is twice as fast when it sees one class only. */
  let carry = Buffer.alloc(1024);
  let carried = 0;
  /** Inside a line that is too long: nothing is kept until it ends. */
  let skipping = false;

  const keep = (bytes: Buffer): void => {
    if (skipping) return;
    if (carried + bytes.length > longestLine) {
      skipping = true;
      carried = 0;
      return;
    }
    if (carried + bytes.length > carry.length) {
      const larger = Buffer.alloc(Math.min(longestLine, 2 * (carried + bytes.length)));
      larger.set(carry.subarray(0, carried));
      carry = larger;
    }
    carry.set(bytes, carried);
    carried += bytes.length;
  };

  /** Matches the lines in `bytes[from, to)`, which ends with a newline. */
  const lines = (bytes: Buffer, from: number, to: number): void => {
    for (let p = from; p < to; ) {
      const end = match(bytes, p);
      if (end >= 0) {
        handlers.matched();
        p = end + 1;
      } else {
        handlers.unmatched();
        p = bytes.indexOf(byte.newline, p) + 1;
      }
    }
  };

  /** Ends the line that earlier chunks began. */
  const finish = (bytes: Buffer): void => {
    keep(bytes);
    if (skipping) handlers.overlong();
    else lines(carry, 0, carried);
    skipping = false;
    carried = 0;
  };

  return {
    chunk(bytes) {
      const last = bytes.lastIndexOf(byte.newline);
      if (last === -1) {
        keep(bytes);
        return;
      }
      let from = 0;
      if (carried > 0 || skipping) {
        from = bytes.indexOf(byte.newline) + 1;
        finish(bytes.subarray(0, from));
      }
      lines(bytes, from, last + 1);
      keep(bytes.subarray(last + 1));
    },
    cut() {
      carried = 0;
      skipping = false;
    },
    end() {
      if (carried > 0 || skipping) finish(newline);
    },
  };
}
