/** Bytes that the access log's grammar is made of. */
export const byte = {
  newline: 10,
  return: 13,
  blank: 32,
  quote: 34,
  comma: 44,
  dash: 45,
  dot: 46,
  slash: 47,
  colon: 58,
  backslash: 92,
};

const zero = 48;

export const isDigit = (c: number | undefined): boolean => c !== undefined && c >= zero && c <= 57;

/** The three digits of a status at `p`, or -1. nginx prints `%03ui`; a status has three digits. */
export function statusAt(b: Uint8Array, p: number): number {
  const x = (b[p] as number) - zero;
  const y = (b[p + 1] as number) - zero;
  const z = (b[p + 2] as number) - zero;
  return x >= 0 && x <= 9 && y >= 0 && y <= 9 && z >= 0 && z <= 9 ? x * 100 + y * 10 + z : -1;
}

/**
 * Where the time `1.234` at `p` ends, or -1: digits without a leading zero, a dot, three digits
 * (`%T.%03M`, ngx_http_upstream_response_time_variable).
 */
export function timeEnd(b: Uint8Array, p: number): number {
  let dot = p;
  while (isDigit(b[dot])) dot++;
  if (dot === p || b[dot] !== byte.dot) return -1;
  if (b[p] === zero && dot > p + 1) return -1;
  return isDigit(b[dot + 1]) && isDigit(b[dot + 2]) && isDigit(b[dot + 3]) ? dot + 4 : -1;
}

/** Full milliseconds of the time in `[p, end)`, as `timeEnd` found it. */
export function milliseconds(b: Uint8Array, p: number, end: number): number {
  let ms = 0;
  for (let i = p; i < end; i++) {
    const c = b[i] as number;
    if (c !== byte.dot) ms = ms * 10 + c - zero;
  }
  // A clock that jumped made nginx print nonsense now and then; the lists hold 32 bits.
  return Math.min(ms, 0x7fffffff);
}

/** Names of peers and groups come from the configuration: no control character, no double quote. */
export const isNameByte = (c: number | undefined): boolean => c !== undefined && c >= byte.blank && c !== byte.quote;

export function matchesAt(b: Uint8Array, p: number, literal: Uint8Array): boolean {
  for (let i = 0; i < literal.length; i++) if (b[p + i] !== literal[i]) return false;
  return true;
}

/**
 * The length of the separator at `p`, 0 when there is none: 2 for `, ` (the next attempt of the same pass), 3 for ` : `
 * (an internal redirect, and the attempts of the next pass).
 */
export function separatorAt(b: Uint8Array, p: number): number {
  const c = b[p];
  if (c === byte.comma) return b[p + 1] === byte.blank ? 2 : 0;
  return c === byte.blank && b[p + 1] === byte.colon && b[p + 2] === byte.blank ? 3 : 0;
}

/** Where a `22/Nov/2026:07:30:45 +0000`, or with `iso` a `2026-11-22T07:30:45+00:00`, at `p` ends, or -1. */
export function timestampEnd(b: Uint8Array, p: number, iso: boolean): number {
  if (iso) return b[p + 4] === byte.dash && b[p + 13] === byte.colon && b[p + 22] === byte.colon ? p + 25 : -1;
  return b[p + 2] === 47 && b[p + 11] === byte.colon && b[p + 20] === byte.blank ? p + 26 : -1;
}

/** Where the last value of a line ends that begins at `start`: before its newline, or before blanks at the end. */
export function valuesEnd(b: Uint8Array, start: number, newline: number, blankEnd: boolean): number {
  let end = newline > start && b[newline - 1] === byte.return ? newline - 1 : newline;
  while (blankEnd && end > start && b[end - 1] === byte.blank) end--;
  return end;
}
