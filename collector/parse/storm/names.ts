/** Names in the lines of a storm, by their bytes: each has one object, and most lines have that of the line before. Pure. */
import { isSame } from './bytes.ts';

export interface StormName {
  readonly text: string;
  readonly hash: number;
}

const most = 4096;

export const noName: StormName = { text: '', hash: 0 };

/** @returns what gives the name that stands in `b[from, to)` */
export function createStormNames(): (b: Buffer, from: number, to: number) => StormName {
  const known = new Map<number, Known>();
  let last: Known = { bytes: new Uint8Array(0), name: noName };

  return (b, from, to) => {
    if (isSame(b, from, to, last.bytes)) return last.name;
    let hash = 17;
    for (let p = from; p < to; p++) hash = (Math.imul(hash, 31) + (b[p] as number)) | 0;
    const found = known.get(hash);
    if (found !== undefined && isSame(b, from, to, found.bytes)) {
      last = found;
      return found.name;
    }
    if (known.size >= most) known.clear();
    const text = b.toString('latin1', from, to);
    last = { bytes: Uint8Array.prototype.slice.call(b, from, to), name: { text, hash } };
    known.set(hash, last);
    return last.name;
  };
}

interface Known {
  readonly bytes: Uint8Array;
  readonly name: StormName;
}
