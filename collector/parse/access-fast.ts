import { codeOf, literalBytes, op, slot, stopTables, stride, unitsOf } from './access-code.ts';
import type { AccessProgram } from './access-program.ts';
import { closeRecord, type MatchedRecord, maxAttempts } from './access-record.ts';
import { byte } from './access-values.ts';

/** Matches one line; gives the position of its newline, or -1. There must be a newline at or after `p`. */
export type LineMatcher = (b: Buffer, p: number) => number;

/**
 * The hot path: one pass over the bytes, from the left, without a string and without going back. What it accepts is
 * what `access-exact.ts` finds first; what it does not accept may still match there.
 *
 * It is an interpreter of units, a value and the literal behind it each: within 1.3 times of generated code, and
 * nothing is generated. A program lies in a few typed arrays and all the work in one function, because small ones took
 * four times as long; of a literal of up to eight bytes the first and the last four are compared as numbers, without a
 * loop, because loops over literals took half of the time (docs/performance.md).
 */
export function createFastMatcher(program: AccessProgram, record: MatchedRecord): LineMatcher {
  const units = unitsOf(program.steps);
  const code = codeOf(units);
  const codeLength = code.length;
  const literals = literalBytes(units);
  const tables = stopTables(units, program.backslash);
  const { names, lists } = record;
  const { backslash } = program;
  let viewed: Buffer | null = null;
  let view = new DataView<ArrayBufferLike>(new ArrayBuffer(0));
  /** Up to here four bytes can be read, and four more behind them. */
  let lastWord = -1;

  /** Whether the literal of the unit at `u` stands at `p`, byte by byte. */
  const literalAt = (b: Buffer, u: number, p: number): boolean => {
    const length = code[u + slot.length] as number;
    const literal = code[u + slot.literal] as number;
    for (let i = 0; i < length; i++) if (b[p + i] !== literals[literal + i]) return false;
    return true;
  };

  /** Where the literal of the unit at `u` stands next, -1 when it does not: by Node's own search, for long values. */
  const find = (b: Buffer, from: number, u: number, end: number): number => {
    if (code[u + slot.length] === 0) return end;
    const first = literals[code[u + slot.literal] as number] as number;
    for (let p = b.indexOf(first, from); p !== -1 && p < end; p = b.indexOf(first, p + 1)) {
      if (literalAt(b, u, p) && !(backslash && isEscaped(b, from, p))) return p;
    }
    return -1;
  };

  // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: the hot path, see above
  return (b, start) => {
    if (b !== viewed) {
      viewed = b;
      view = new DataView(b.buffer, b.byteOffset, b.byteLength);
      lastWord = b.byteLength - 8;
    }
    const units = code;
    const stops = tables;
    const words = view;
    const newline = b.indexOf(byte.newline, start);
    const end = newline > start && b[newline - 1] === byte.return ? newline - 1 : newline;
    let p = start;
    let count = -1;
    let lastPass = 0;
    let redirectedFrom = 0;
    for (let u = 0; u < codeLength; u += stride) {
      const what = units[u] as number;
      switch (what) {
        case op.literal:
          break;
        case op.long:
          p = find(b, p, u, end);
          if (p === -1) return -1;
          break;
        case op.free:
        case op.method: {
          const from = p;
          const table = units[u + slot.stops] as number;
          for (;;) {
            while (stops[table + (b[p] as number)] === 0) p++;
            if (p >= end || literalAt(b, u, p)) break;
            p += backslash && b[p] === byte.backslash ? 2 : 1;
          }
          if (what === op.method) {
            record.methodStart = from;
            record.methodEnd = p;
          }
          break;
        }
        case op.status: {
          const x = (b[p] as number) - 48;
          const y = (b[p + 1] as number) - 48;
          const z = (b[p + 2] as number) - 48;
          if (x < 0 || x > 9 || y < 0 || y > 9 || z < 0 || z > 9) return -1;
          record.status = x * 100 + y * 10 + z;
          p += 3;
          break;
        }
        case op.number: {
          if (b[p] === byte.dash) p++;
          else for (let c = b[p] as number; c >= 48 && c <= 57; c = b[++p] as number);
          break;
        }
        case op.requestTime: {
          const from = p;
          let value = 0;
          let c = b[p] as number;
          for (; c >= 48 && c <= 57; c = b[++p] as number) value = value * 10 + c - 48;
          const x = (b[p + 1] as number) - 48;
          const y = (b[p + 2] as number) - 48;
          const z = (b[p + 3] as number) - 48;
          if (p === from || c !== byte.dot || x < 0 || x > 9 || y < 0 || y > 9 || z < 0 || z > 9) return -1;
          record.requestTimeMs = Math.min(value * 1000 + x * 100 + y * 10 + z, 0x7fffffff);
          p += 4;
          break;
        }
        case op.proxyHost: {
          const from = p;
          const table = units[u + slot.stops] as number;
          let hash = 0;
          let c = b[p] as number;
          for (; stops[table + c] === 0; c = b[++p] as number) hash = (Math.imul(hash, 31) + c) | 0;
          const unset = p === from || (p === from + 1 && b[from] === byte.dash);
          record.upstream = unset ? -1 : names.idOf(b, from, p, hash);
          break;
        }
        case op.timeLocal:
          // 22/Nov/2026:07:30:45 +0000
          if (b[p + 2] !== 47 || b[p + 11] !== byte.colon || b[p + 20] !== byte.blank || p + 26 > end) return -1;
          record.timeStart = p;
          p += 26;
          break;
        case op.timeIso:
          // 2026-11-22T07:30:45+00:00
          if (b[p + 4] !== byte.dash || b[p + 13] !== byte.colon || b[p + 22] !== byte.colon || p + 25 > end) return -1;
          record.timeStart = p;
          p += 25;
          break;
        default: {
          const list = units[u + slot.list] as number;
          let n = 0;
          for (;;) {
            const from = p;
            let value = -1;
            let c = b[p] as number;
            if (what === op.peers) {
              const table = units[u + slot.stops] as number;
              let hash = 0;
              for (; stops[table + c] === 0; c = b[++p] as number) hash = (Math.imul(hash, 31) + c) | 0;
              if (p > from + 1 || (p > from && b[from] !== byte.dash)) value = names.idOf(b, from, p, hash);
            } else if (c === byte.dash) c = b[++p] as number;
            else if (c >= 48 && c <= 57) {
              value = c - 48;
              for (c = b[++p] as number; c >= 48 && c <= 57; c = b[++p] as number) value = value * 10 + c - 48;
              if (what === op.times) {
                const x = (b[p + 1] as number) - 48;
                const y = (b[p + 2] as number) - 48;
                const z = (b[p + 3] as number) - 48;
                if (c !== byte.dot || x < 0 || x > 9 || y < 0 || y > 9 || z < 0 || z > 9) return -1;
                value = Math.min(value * 1000 + x * 100 + y * 10 + z, 0x7fffffff);
                p += 4;
                c = b[p] as number;
              } else if (what === op.statuses && p !== from + 3) return -1;
            } else if (n > 0) {
              // Nothing: only as the one element of a list of which nothing is set.
              return -1;
            }
            lists[list + n] = value;
            n++;
            if (c === byte.comma && b[p + 1] === byte.blank) p += 2;
            else if (c === byte.blank && b[p + 1] === byte.colon && b[p + 2] === byte.blank) {
              p += 3;
              lastPass = n;
              if (redirectedFrom === 0) redirectedFrom = n;
            } else break;
            if (n === maxAttempts) return -1;
          }
          if (count === -1) count = n;
          else if (count !== n) return -1;
        }
      }
      const length = units[u + slot.length] as number;
      if (length > 8 || p > lastWord) {
        if (!literalAt(b, u, p)) return -1;
      } else {
        const mask = units[u + slot.mask] as number;
        if ((words.getInt32(p, true) & mask) !== units[u + slot.head]) return -1;
        if ((words.getInt32(p + (units[u + slot.tailOffset] as number), true) & mask) !== units[u + slot.tail])
          return -1;
      }
      p += length;
    }
    if (p !== end) return -1;
    record.lastPass = lastPass;
    record.redirectedFrom = redirectedFrom;
    closeRecord(record, count === -1 ? 0 : count);
    return newline;
  };
}

/** Whether an odd number of backslashes stands before `p`: then its byte belongs to the value. */
function isEscaped(b: Uint8Array, from: number, p: number): boolean {
  let before = p;
  while (before > from && b[before - 1] === byte.backslash) before--;
  return (p - before) % 2 === 1;
}
