/** Classes of bytes and literals, for lines that are read in place. Pure. */
import { matchesAt } from '../access/values.ts';

export const literalBytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** Bytes by what they are to a field: 1 where they are of the class. */
export interface ByteClass {
  readonly one: Uint8Array;
  /** Two of them, as one number of either byte order. */
  readonly two: Uint8Array;
}

export function classOf(is: (byte: number) => boolean): ByteClass {
  const one = Uint8Array.from({ length: 256 }, (_, byte) => (is(byte) ? 1 : 0));
  const two = new Uint8Array(65_536);
  for (let byte = 0; byte < one.length; byte++) if (one[byte] === 1) two.set(one, byte * 256);
  return { one, two };
}

const isAlphanumeric = (byte: number): boolean => /[0-9A-Za-z]/.test(String.fromCharCode(byte));
export const inClient = classOf((byte) => isAlphanumeric(byte) || '.:'.includes(String.fromCharCode(byte)));
export const inServer = classOf((byte) => isAlphanumeric(byte) || '._-*~^$:'.includes(String.fromCharCode(byte)));

/** @returns the offset behind the literal, or -1 */
export function behind(b: Uint8Array, p: number, literal: Uint8Array): number {
  return matchesAt(b, p, literal) ? p + literal.length : -1;
}

/** @returns the offset of the first byte that is not of the class */
export function behindAll(b: Uint8Array, view: DataView, p: number, { one, two }: ByteClass): number {
  const last = b.length - 2;
  let at = p;
  while (at <= last && two[view.getUint16(at, true)] === 1) at += 2;
  return one[b[at] as number] === 1 ? at + 1 : at;
}

/** Whether `b[from, to)` is exactly these bytes. */
export function isSame(b: Uint8Array, from: number, to: number, bytes: Uint8Array): boolean {
  return bytes.length === to - from && matchesAt(b, from, bytes);
}
