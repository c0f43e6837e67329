import type { StepKind } from '../format/program.ts';
import { type MatchedRecord, maxAttempts } from '../record.ts';
import { byte, isDigit, milliseconds, separatorAt, statusAt, timeEnd } from '../values.ts';

/** The attempts after the first: of requests that were retried, or redirected inside nginx. */
export interface MoreElements {
  /** How many elements the list had that was read last. */
  count: number;
  /**
   * Reads on at `p`, behind the first element of a list of this kind; the elements go to `lists` behind index `list`,
   * and where redirects were to the record. Gives where the list ends, or -1 when it is none.
   *
   * @param stop where the unit's table of `stops` begins
   */
  elements(b: Buffer, words: DataView, p: number, kind: StepKind, list: number, stop: number): number;
}

export function createMoreElements(record: MatchedRecord, stops: Uint8Array): MoreElements {
  const { names, lists } = record;
  let value = -1;

  function peer(b: Buffer, words: DataView, from: number, stop: number): number {
    let p = from;
    while (stops[stop + (b[p] as number)] === 0) p++;
    value = p > from + 1 || (p > from && b[from] !== byte.dash) ? names.idOf(words, from, p) : -1;
    return p;
  }

  /** Reads one element into `value`; gives where it ends, or -1. */
  function element(b: Buffer, from: number, kind: StepKind): number {
    let p = from;
    value = -1;
    if (b[p] === byte.dash) return p + 1;
    if (kind === 'statuses') {
      value = statusAt(b, p);
      return value < 0 ? -1 : p + 3;
    }
    if (kind === 'times') {
      const end = timeEnd(b, p);
      if (end >= 0) value = milliseconds(b, p, end);
      return end;
    }
    while (isDigit(b[p])) p++;
    return p === from ? -1 : p;
  }

  return {
    count: 0,
    elements(b, words, start, kind, list, stop) {
      let p = start;
      let n = 1;
      for (let separator = separatorAt(b, p); separator !== 0; separator = separatorAt(b, p)) {
        if (n === maxAttempts) return -1;
        if (separator === 3) {
          record.lastPass = n;
          if (record.redirectedFrom === 0) record.redirectedFrom = n;
        }
        p += separator;
        p = kind === 'peers' ? peer(b, words, p, stop) : element(b, p, kind);
        if (p === -1) return -1;
        lists[list + n++] = value;
      }
      this.count = n;
      return p;
    },
  };
}
