import type { AccessProgram } from '../format/program.ts';
import { closeRecord, type MatchedRecord } from '../record.ts';
import {
  byte,
  isDigit,
  isNameByte,
  matchesAt,
  milliseconds,
  separatorAt,
  statusAt,
  timeEnd,
  timestampEnd,
  valuesEnd,
} from '../values.ts';
import type { LineMatcher } from './fast.ts';

/**
 * Checks bytes and steps for one line before it is given up as unmatched: what a client sends must not decide how long
 * we work. A line that matches needs a few times its length.
 */
const budget = 100_000;
/** Keeps the recursion within the stack; more tries than this are only read by the fast matcher. */
const longestList = 128;

/**
 * The matcher for what one pass from the left cannot decide: glued variables, a delimiter inside a value. It tries
 * the shortest value of unknown length first and the longest list first, and gives up after a bounded number of tries.
 */
export function createExactMatcher(program: AccessProgram, record: MatchedRecord): LineMatcher {
  const { steps } = program;
  const starts = new Int32Array(longestList);
  const ends = new Int32Array(longestList);
  let b: Buffer = Buffer.alloc(0);
  let words = new DataView<ArrayBufferLike>(new ArrayBuffer(0));
  let end = 0;
  let backslash = true;
  let empties = false;
  let left = 0;
  let count = -1;
  let host: readonly [number, number] = [0, 0];

  const rest = (i: number, p: number): boolean => {
    if (left-- <= 0) return false;
    const step = steps[i];
    if (step === undefined) return p === end;
    switch (step.kind) {
      case 'literal':
        return matchesAt(b, p, step.bytes) && rest(i + 1, p + step.bytes.length);
      case 'timeLocal':
      case 'timeIso':
        return time(i, p, step.kind === 'timeIso');
      case 'status':
        return status(i, p);
      case 'requestTime':
        return requestTime(i, p);
      case 'number':
        return shrinking(p, digitsEnd(p), (stop) => rest(i + 1, stop));
      case 'free':
      case 'long':
      case 'method':
      case 'proxyHost':
        return value(i, p);
      default:
        return element(i, p, 0);
    }
  };

  const after = (i: number, p: number): boolean => p >= 0 && p <= end && rest(i + 1, p);

  const time = (i: number, p: number, iso: boolean): boolean => {
    if (!after(i, timestampEnd(b, p, iso))) return false;
    record.timeStart = p;
    return true;
  };

  const status = (i: number, p: number): boolean => {
    const found = statusAt(b, p);
    if (found < 0 || !after(i, p + 3)) return false;
    record.status = found;
    return true;
  };

  const requestTime = (i: number, p: number): boolean => {
    const stop = timeEnd(b, p);
    if (!after(i, stop)) return false;
    record.requestTimeMs = milliseconds(b, p, stop);
    return true;
  };

  const digitsEnd = (p: number): number => {
    let stop = p;
    if (b[p] === byte.dash) return p + 1;
    while (isDigit(b[stop])) stop++;
    return stop;
  };

  const shrinking = (from: number, to: number, fits: (stop: number) => boolean): boolean => {
    for (let stop = to; stop >= from && left-- > 0; stop--) if (fits(stop)) return true;
    return false;
  };

  /** Whether what follows step `i` could begin at `p`: spares a try. */
  const couldEnd = (i: number, p: number): boolean => {
    const next = steps[i + 1];
    if (next === undefined) return p === end;
    return next.kind !== 'literal' || matchesAt(b, p, next.bytes);
  };

  const value = (i: number, p: number): boolean => {
    for (let stop = p; stop <= end && left-- > 0; stop++) {
      if (couldEnd(i, stop) && rest(i + 1, stop)) {
        keepValue(i, p, stop);
        return true;
      }
      if (b[stop] === byte.backslash && backslash) stop++;
    }
    return false;
  };

  const keepValue = (i: number, p: number, stop: number): void => {
    const kind = steps[i]?.kind;
    if (kind === 'method') [record.methodStart, record.methodEnd] = [p, stop];
    if (kind === 'proxyHost') host = [p, stop];
  };

  /** Element `n` of the list of step `i`, and all that follows it. */
  const element = (i: number, p: number, n: number): boolean => {
    if (n >= longestList || left-- <= 0) return false;
    const step = steps[i];
    if (step?.kind === 'peers') return peer(i, p, n);
    if (b[p] === byte.dash) return keep(i, p, p + 1, -1, n);
    if (step?.kind === 'numbers')
      return shrinking(empties ? p : p + 1, digitsEnd(p), (stop) => keep(i, p, stop, -1, n));
    return (
      (step?.kind === 'statuses' ? statusElement(i, p, n) : timeElement(i, p, n)) || (empties && keep(i, p, p, -1, n))
    );
  };

  const statusElement = (i: number, p: number, n: number): boolean => {
    const found = statusAt(b, p);
    return found >= 0 && keep(i, p, p + 3, found, n);
  };

  const timeElement = (i: number, p: number, n: number): boolean => {
    const stop = timeEnd(b, p);
    return stop >= 0 && keep(i, p, stop, milliseconds(b, p, stop), n);
  };

  /** With a literal behind it the shortest name that fits is right; glued to another value, the longest. */
  const peer = (i: number, p: number, n: number): boolean => {
    const next = steps[i + 1];
    const shortest = empties ? p : p + 1;
    let longest = p;
    while (isNameByte(b[longest]) && separatorAt(b, longest) === 0 && left-- > 0) longest++;
    if (next !== undefined && next.kind !== 'literal') {
      return shrinking(shortest, longest, (stop) => keep(i, p, stop, -1, n));
    }
    for (let stop = shortest; stop <= longest; stop++) {
      if ((stop === longest || couldEnd(i, stop)) && keep(i, p, stop, -1, n)) return true;
    }
    return false;
  };

  /** Takes `[p, stop)` as element `n`, then continues with the list, or behind it. */
  const keep = (i: number, p: number, stop: number, found: number, n: number): boolean => {
    const step = steps[i];
    if (stop > end || !(more(i, stop, n) || closed(i, stop, n))) return false;
    if (step?.kind === 'peers') [starts[n], ends[n]] = [p, stop];
    else if (step?.kind === 'statuses') record.statuses[n] = found;
    else if (step?.time) record[step.time][n] = found;
    return true;
  };

  const more = (i: number, p: number, n: number): boolean => {
    const separator = separatorAt(b, p);
    if (separator === 0 || !element(i, p + separator, n + 1)) return false;
    if (separator === 2) return true;
    // Elements are taken from the last to the first, so the last pass is reported first.
    record.lastPass = Math.max(record.lastPass, n + 1);
    record.redirectedFrom = n + 1;
    return true;
  };

  /** Every list of a line has as many elements. */
  const closed = (i: number, p: number, n: number): boolean => {
    const before = count;
    if (before !== -1 && before !== n + 1) return false;
    count = n + 1;
    if (rest(i + 1, p)) return true;
    count = before;
    return false;
  };

  const attempt = (start: number, withBackslash: boolean, withEmpties: boolean): boolean => {
    backslash = withBackslash;
    empties = withEmpties;
    count = -1;
    record.lastPass = 0;
    record.redirectedFrom = 0;
    return rest(0, start);
  };

  /** Elements that are empty are rare, and make glued values ambiguous: only when nothing else fits. */
  const attemptAll = (start: number): boolean =>
    attempt(start, program.backslash, false) ||
    attempt(start, program.backslash, true) ||
    (program.escapeUnknown && (attempt(start, false, false) || attempt(start, false, true)));

  const intern = (from: number, to: number): number =>
    to === from || (to === from + 1 && b[from] === byte.dash) ? -1 : record.names.idOf(words, from, to);

  return (bytes, start) => {
    if (b !== bytes) {
      b = bytes;
      words = new DataView(b.buffer, b.byteOffset);
    }
    end = bytes.indexOf(byte.newline, start);
    const newline = end;
    end = valuesEnd(b, start, newline, program.blankEnd);
    left = budget;
    if (!attemptAll(start)) return -1;
    const has = program.has;
    if (has.proxyHost) record.upstream = intern(host[0], host[1]);
    if (has.peers) for (let n = 0; n < count; n++) record.peers[n] = intern(starts[n] as number, ends[n] as number);
    closeRecord(record, count === -1 ? 0 : count);
    return newline;
  };
}
