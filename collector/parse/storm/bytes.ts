/** Classes of bytes and literals, for lines that are read in place. Pure. */
import { matchesAt } from '../access/values.ts';

export const literalBytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** Bytes by what they are to a field. */
export function classes(of: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (of(byte) ? 1 : 0));
}

/** Two bytes of the class, as one number of either byte order. */
export function pairsOf(isIn: Uint8Array): Uint8Array {
  const pairs = new Uint8Array(65_536);
  isIn.forEach((is, byte) => {
    if (is === 1) pairs.set(isIn, byte * 256);
  });
  return pairs;
}

const isAlphanumeric = (byte: number): boolean => /[0-9A-Za-z]/.test(String.fromCharCode(byte));
export const inClient = classes((byte) => isAlphanumeric(byte) || '.:'.includes(String.fromCharCode(byte)));
export const inServer = classes((byte) => isAlphanumeric(byte) || '._-*~^$:'.includes(String.fromCharCode(byte)));

/** @returns the offset behind the literal, or -1 */
export function behind(b: Uint8Array, p: number, literal: Uint8Array): number {
  return matchesAt(b, p, literal) ? p + literal.length : -1;
}

/** @returns the offset of the first byte that is not of the class */
export function behindAll(b: Uint8Array, p: number, isIn: Uint8Array): number {
  let at = p;
  while (isIn[b[at] as number] === 1) at++;
  return at;
}

/** Whether `b[from, to)` is exactly these bytes. */
export function isSame(b: Uint8Array, from: number, to: number, bytes: Uint8Array): boolean {
  return bytes.length === to - from && matchesAt(b, from, bytes);
}
