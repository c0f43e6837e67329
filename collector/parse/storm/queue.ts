/** Lines that wait, as bytes, until no record can end behind them any more. They follow each other without a gap. */
import type { SharedLine } from './line.ts';

export interface LineQueue {
  readonly size: () => number;
  /** Of all that wait, with their line feeds. */
  readonly characters: () => number;
  /** Puts a line at the end: `bytes[from, end)`, which stay as they are until `hold`. */
  push(line: SharedLine, bytes: Buffer, from: number, end: number): void;
  /** The first one. */
  first(): SharedLine;
  /** Takes the first one away. @returns its length, without its line feed */
  drop(): number;
  /** As `drop`. @returns its text */
  take(): string;
  /** The bytes of `push` are about to be something else: those that wait are copied. */
  hold(): void;
}

/** Lines are longer than a hundred bytes: so many are never within the reach of one record. */
const places = 64;
/** Several times what may wait. */
const heldBytes = 16_384;

export function createLineQueue(): LineQueue {
  const lines: SharedLine[] = [];
  const lengths = new Uint16Array(places);
  let first = 0;
  let count = 0;
  let characters = 0;
  /** Their bytes: first those that are held, then those that lie where they came from. */
  const held = Buffer.alloc(heldBytes);
  let heldFrom = 0;
  let heldTo = 0;
  let current: Buffer = held;
  let currentFrom = 0;
  let currentTo = 0;

  function drop(): number {
    const length = lengths[first] as number;
    first = (first + 1) % places;
    count--;
    characters -= length + 1;
    if (heldFrom < heldTo) heldFrom += length + 1;
    else currentFrom += length + 1;
    return length;
  }

  return {
    size: () => count,
    characters: () => characters,

    push(line, bytes, from, end) {
      if (currentFrom === currentTo) {
        current = bytes;
        currentFrom = from;
      }
      currentTo = end + 1;
      const place = (first + count++) % places;
      lines[place] = line;
      lengths[place] = end - from;
      characters += end - from + 1;
    },

    first: () => lines[first] as SharedLine,
    drop,

    take() {
      const bytes = heldFrom < heldTo ? held : current;
      const from = heldFrom < heldTo ? heldFrom : currentFrom;
      return bytes.toString('latin1', from, from + drop());
    },

    hold() {
      if (heldFrom === heldTo) {
        heldFrom = 0;
        heldTo = 0;
      } else if (heldTo + currentTo - currentFrom > held.length) {
        held.copyWithin(0, heldFrom, heldTo);
        heldTo -= heldFrom;
        heldFrom = 0;
      }
      if (currentFrom < currentTo) current.copy(held, heldTo, currentFrom, currentTo);
      heldTo += currentTo - currentFrom;
      currentFrom = currentTo;
    },
  };
}
