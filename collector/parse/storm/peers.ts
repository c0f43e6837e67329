/** Scheme and peer at the beginning of an upstream field, by their bytes: each has one object, and one name. Pure. */
import type { UpstreamField } from '../../model.ts';
import { isDigit, matchesAt } from '../access/values.ts';
import { httpUpstream } from '../error/fields/upstream.ts';
import { behind, behindAll, classOf, literalBytes } from './bytes.ts';
import { createPieces, type Piece, pieceOf, standsAt } from './pieces.ts';

export interface StormPeer {
  readonly field: Pick<UpstreamField, 'scheme' | 'peer'>;
  /** Of scheme and peer, with what stands before them. */
  readonly length: number;
  readonly hash: number;
}

export interface StormPeers {
  /**
   * What the field says behind a request, which ends with its version and the quote at `p`; or null where the full parser
   * has to read the line.
   *
   * @param named the peer that the message names
   */
  at(b: Buffer, view: DataView, p: number, named: string | null): StormPeer | null;
}

const most = 4096;
const longest = 200;
const colon = 58;
const slash = 47;
const question = 63;
const quote = 34;

const socket = literalBytes('unix:');

/** Of letters, digits and what else stands in an address or a path: no comma, no blank, no escape. */
const inPeer = classOf((byte) => /[\w.:[\]+-]/.test(String.fromCharCode(byte)));

/** @returns the offset behind the peer, or -1 */
function peerEnd(b: Uint8Array, view: DataView, from: number): number {
  let p = from;
  if (matchesAt(b, p, socket)) {
    // A colon parts the path from the URI, also when there is none.
    for (p += socket.length; b[p] !== colon; p++)
      if ((inPeer.one[b[p] as number] === 0 && b[p] !== slash) || p - from > longest) return -1;
    return isEnd(b[p + 1]) ? p : -1;
  }
  p = behindAll(b, view, p, inPeer);
  return isEnd(b[p]) && p > from && p - from <= longest ? p : -1;
}

const isEnd = (byte: number | undefined): boolean => byte === slash || byte === question || byte === quote;

const version = literalBytes(' HTTP/');
const label = literalBytes('", upstream: "');
/** Of ` HTTP/1.1`. */
const versionLength = 9;

/** @returns the offset behind the label of the field, where a request ends before it with its version; or -1 */
function behindLabel(b: Uint8Array, quote: number): number {
  const digits = behind(b, quote - versionLength, version);
  const isVersion = digits !== -1 && isDigit(b[digits]) && b[digits + 1] === 46 && isDigit(b[digits + 2]);
  return isVersion ? behind(b, quote, label) : -1;
}

/** Of the bytes `[from, to)`, of which there are four at least. */
function hashOf(view: DataView, from: number, to: number): number {
  let hash = to - from;
  for (let p = from; p < to - 4; p += 4) hash = Math.imul(hash ^ view.getInt32(p, true), 0x9e3779b1);
  hash = Math.imul(hash ^ view.getInt32(to - 4, true), 0x85ebca6b);
  return hash ^ (hash >>> 15);
}

export function createPeers(): StormPeers {
  /** With what stands before them; null: not for here. */
  const known = new Map<number, Piece<StormPeer | null>>();
  const schemes = createPieces<null>();

  /** @returns the offset behind `://`, or -1 */
  function schemeEnd(b: Uint8Array, view: DataView, from: number): number {
    const piece = schemes.at(b, view, from - versionLength);
    if (piece !== null) return from - versionLength + piece.length;
    const scheme = behindLabel(b, from);
    if (scheme === -1) return -1;
    let p = scheme;
    while (inPeer.one[b[p] as number] === 1 && b[p] !== colon) p++;
    if (b[p] !== colon || b[p + 1] !== slash || b[p + 2] !== slash) return -1;
    schemes.add(view, from - versionLength, p + 3, null);
    return p + 3;
  }

  function learn(text: string, hash: number): StormPeer | null {
    const read = httpUpstream({ text, closed: true }, null);
    // What stands behind these bytes has no part in how the full parser reads them; it has to see all of them.
    if (read === null || `${read.scheme}://${read.peer}` !== text) return null;
    return { field: { scheme: read.scheme, peer: read.peer }, length: label.length + text.length, hash };
  }

  return {
    at(b, view, from, named) {
      const start = schemeEnd(b, view, from);
      const end = start === -1 ? -1 : peerEnd(b, view, start);
      if (end === -1) return null;
      const hash = hashOf(view, from + label.length, end);
      let found = known.get(hash);
      if (found === undefined || found.length !== end - from || !standsAt(b, view, from, found)) {
        found = pieceOf(view, from, end, learn(b.toString('latin1', from + label.length, end), hash));
        if (known.size >= most) known.clear();
        known.set(hash, found);
      }
      const peer = found.value;
      // A socket's path ends where the message ends it.
      return peer === null || (named !== null && named !== peer.field.peer) ? null : peer;
    },
  };
}
