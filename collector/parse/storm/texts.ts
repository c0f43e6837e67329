/** What a client sends in the line of a storm: request, host and referrer, up to the quotes that end them. Pure. */
import { behindAll, classOf, literalBytes } from './bytes.ts';
import { pieceOf, standsAt } from './pieces.ts';

const newline = 10;
const blank = 32;
const quote = 34;
const percent = 37;
const comma = 44;
const zero = 48;

const referrerBytes = literalBytes(', referrer: "');
const toReferrer = pieceOf(new DataView(referrerBytes.buffer, referrerBytes.byteOffset), 0, referrerBytes.length, null);

/** In what a client sends: printable ASCII that neither ends a field nor can be half of a trick. */
const inText = classOf((byte) => byte >= blank && byte < 127 && byte !== quote && byte !== percent && byte !== comma);

/** What may begin a second context, or stand for a line feed. */
function isDoubtful(b: Uint8Array, p: number): boolean {
  const byte = b[p];
  if (byte === comma) return b[p + 1] === blank && b[p + 2] === 99;
  return byte !== percent || (b[p + 1] === zero && ((b[p + 2] as number) | 32) === 97);
}

/** @returns the offset of the next quote, or -1 where something before it leaves a doubt */
export function quoteFrom(b: Uint8Array, view: DataView, p: number): number {
  let at = behindAll(b, view, p, inText);
  while (b[at] !== quote) {
    if (isDoubtful(b, at)) return -1;
    at = behindAll(b, view, at + 1, inText);
  }
  return at;
}

/**
 * Of the fields behind the host's, which nginx leaves out where a request has none.
 *
 * @returns the offset of the line feed, or -1 where the full parser has to read the line
 */
export function lineEnd(b: Uint8Array, view: DataView, at: number): number {
  if (b[at] === newline) return at;
  if (!standsAt(b, view, at, toReferrer)) return -1;
  const end = quoteFrom(b, view, at + toReferrer.length);
  return end !== -1 && b[end + 1] === newline ? end + 1 : -1;
}
