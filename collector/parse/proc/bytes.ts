import { isDigit } from '../access/values.ts';

/** Numbers read in place from the bytes of a /proc text. */

const nibbles = new Uint8Array(256).fill(255);
for (let value = 0; value < 16; value += 1) {
  nibbles[value.toString(16).charCodeAt(0)] = value;
  nibbles[value.toString(16).toUpperCase().charCodeAt(0)] = value;
}

/** What `hexAt` gives for bytes that are no number: larger than any. */
export const notHex = 2 ** 32;

/** The hexadecimal number of `digits` (at most 8) places at `at`. */
export function hexAt(bytes: Uint8Array, at: number, digits: number): number {
  let value = 0;
  for (let place = at; place < at + digits; place += 1) {
    const nibble = nibbles[bytes[place] ?? 0] ?? 255;
    if (nibble === 255) return notHex;
    value = (value << 4) | nibble;
  }
  return value >>> 0;
}

export function skipBlanks(bytes: Uint8Array, at: number, end: number): number {
  let place = at;
  while (place < end && bytes[place] === 32) place += 1;
  return place;
}

export function skipDigits(bytes: Uint8Array, at: number, end: number): number {
  let place = at;
  while (place < end && isDigit(bytes[place])) place += 1;
  return place;
}

/** The decimal number at `at`, behind blanks; -1 when there is none. */
export function decimalAt(bytes: Uint8Array, at: number, end: number): number {
  const start = skipBlanks(bytes, at, end);
  const stop = skipDigits(bytes, start, end);
  if (stop === start) return -1;
  let value = 0;
  for (let place = start; place < stop; place += 1) value = value * 10 + ((bytes[place] ?? 48) - 48);
  return value;
}
