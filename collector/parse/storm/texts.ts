/** What a client sends in the line of a storm: request, host and referrer, up to the quotes that end them. Pure. */
import { isDigit } from '../access/values.ts';
import { behind, classes, literalBytes, pairsOf } from './bytes.ts';

const newline = 10;
const blank = 32;
const quote = 34;
const percent = 37;
const comma = 44;
const zero = 48;

const version = literalBytes(' HTTP/');
const toReferrer = literalBytes(', referrer: "');

/** In what a client sends: printable ASCII that neither ends a field nor can be half of a trick. */
const inText = classes((byte) => byte >= blank && byte < 127 && byte !== quote && byte !== percent && byte !== comma);
const pairInText = pairsOf(inText);

/** What may begin a second context, or stand for a line feed. */
function isDoubtful(b: Uint8Array, p: number): boolean {
  const byte = b[p];
  if (byte === comma) return b[p + 1] === blank && b[p + 2] === 99;
  return byte !== percent || (b[p + 1] === zero && ((b[p + 2] as number) | 32) === 97);
}

/** @returns the offset of the first byte that is not in a text; two bytes are one step */
function behindText(b: Uint8Array, view: DataView, p: number): number {
  const last = view.byteLength - 2;
  let at = p;
  while (at <= last && pairInText[view.getUint16(at, true)] === 1) at += 2;
  return inText[b[at] as number] === 1 ? at + 1 : at;
}

/** @returns the offset of the next quote, or -1 where something before it leaves a doubt */
export function quoteFrom(b: Uint8Array, view: DataView, p: number): number {
  let at = behindText(b, view, p);
  while (b[at] !== quote) {
    if (isDoubtful(b, at)) return -1;
    at = behindText(b, view, at + 1);
  }
  return at;
}

/** @returns the offset of the quote that ends a request with its version, which no quote precedes; or -1 */
export function requestEnd(b: Uint8Array, view: DataView, p: number): number {
  const at = quoteFrom(b, view, p);
  if (at < p + 9) return -1;
  const digits = behind(b, at - 9, version);
  return digits !== -1 && isDigit(b[digits]) && b[digits + 1] === 46 && isDigit(b[digits + 2]) ? at : -1;
}

/**
 * Of the fields behind the host's, which nginx leaves out where a request has none.
 *
 * @returns the offset of the line feed, or -1 where the full parser has to read the line
 */
export function lineEnd(b: Uint8Array, view: DataView, at: number): number {
  if (b[at] === newline) return at;
  const referrer = behind(b, at, toReferrer);
  if (referrer === -1) return -1;
  const end = quoteFrom(b, view, referrer);
  return end !== -1 && b[end + 1] === newline ? end + 1 : -1;
}
