/** Scheme and peer at the beginning of an upstream field, by their bytes: each has one object, and one name. Pure. */
import type { UpstreamField } from '../../model.ts';
import { matchesAt } from '../access/values.ts';
import { httpUpstream } from '../error/fields/upstream.ts';
import { behindAll, classes, isSame, literalBytes } from './bytes.ts';

export interface StormPeer {
  readonly field: Pick<UpstreamField, 'scheme' | 'peer'>;
  /** Of scheme and peer. */
  readonly length: number;
  readonly hash: number;
}

export interface StormPeers {
  /** What begins at `p`, or null where the full parser has to read the line. @param named the peer that the message names */
  at(b: Buffer, p: number, named: string | null): StormPeer | null;
}

const most = 4096;
const longest = 200;
const colon = 58;
const slash = 47;
const question = 63;
const quote = 34;

const socket = literalBytes('unix:');

/** Of letters, digits and what else stands in an address or a path: no comma, no blank, no escape. */
const inPeer = classes((byte) => /[\w.:[\]+-]/.test(String.fromCharCode(byte)));

/** @returns the offset behind the peer, or -1 */
function peerEnd(b: Uint8Array, from: number): number {
  let p = from;
  if (matchesAt(b, p, socket)) {
    // A colon parts the path from the URI, also when there is none.
    for (p += socket.length; b[p] !== colon; p++)
      if ((inPeer[b[p] as number] === 0 && b[p] !== slash) || p - from > longest) return -1;
    return isEnd(b[p + 1]) ? p : -1;
  }
  p = behindAll(b, p, inPeer);
  return isEnd(b[p]) && p > from && p - from <= longest ? p : -1;
}

const isEnd = (byte: number | undefined): boolean => byte === slash || byte === question || byte === quote;

interface Known {
  readonly bytes: Uint8Array;
  /** null: not for here. */
  readonly peer: StormPeer | null;
}

export function createPeers(): StormPeers {
  const known = new Map<number, Known>();
  let schemeLength = 0;

  /** @returns the offset behind `://`, or -1 */
  function schemeEnd(b: Uint8Array, from: number): number {
    // Most lines have the scheme of the one before.
    let p = from + schemeLength;
    if (b[p] !== colon) for (p = from; inPeer[b[p] as number] === 1 && b[p] !== colon; p++);
    if (b[p] !== colon || b[p + 1] !== slash || b[p + 2] !== slash) return -1;
    schemeLength = p - from;
    return p + 3;
  }

  function learn(b: Buffer, from: number, end: number, hash: number): Known {
    const text = b.toString('latin1', from, end);
    const read = httpUpstream({ text, closed: true }, null);
    const bytes = Buffer.from(text, 'latin1');
    // What stands behind these bytes has no part in how the full parser reads them; it has to see all of them.
    if (read === null || `${read.scheme}://${read.peer}` !== text) return { bytes, peer: null };
    return { bytes, peer: { field: { scheme: read.scheme, peer: read.peer }, length: text.length, hash } };
  }

  return {
    at(b, from, named) {
      const start = schemeEnd(b, from);
      const end = start === -1 ? -1 : peerEnd(b, start);
      if (end === -1) return null;
      let hash = 0;
      for (let p = from; p < end; p++) hash = (hash * 31 + (b[p] as number)) & 0x3fffffff;
      let found = known.get(hash);
      if (found === undefined || !isSame(b, from, end, found.bytes)) {
        found = learn(b, from, end, hash);
        if (known.size >= most) known.clear();
        known.set(hash, found);
      }
      const { peer } = found;
      // A socket's path ends where the message ends it.
      return peer === null || (named !== null && named !== peer.field.peer) ? null : peer;
    },
  };
}
