import type { AccessProgram, Step, StepKind, TimeField } from './access-program.ts';
import { closeRecord, type MatchedRecord, maxAttempts } from './access-record.ts';
import {
  byte,
  isDigit,
  lineEnd,
  matchesAt,
  milliseconds,
  separatorAt,
  statusAt,
  timeEnd,
  timestampEnd,
} from './access-values.ts';
import { hashStep } from './names.ts';

/** Matches one line; gives the position of its newline, or -1. There must be a newline at or after `p`. */
export type LineMatcher = (b: Uint8Array, p: number) => number;

const codes: Readonly<Record<StepKind, number>> = {
  literal: 0,
  free: 1,
  number: 2,
  timeLocal: 3,
  timeIso: 4,
  status: 5,
  requestTime: 6,
  method: 7,
  proxyHost: 8,
  peers: 9,
  statuses: 10,
  times: 11,
  numbers: 12,
};

/**
 * The hot path: one pass over the bytes, from the left, without a string and without going back. What it accepts is
 * what `access-exact.ts` finds first; what it does not accept may still match there.
 *
 * It is an interpreter of the program's steps: within 1.3 times of generated code, and nothing is generated.
 */
export function createFastMatcher(program: AccessProgram, record: MatchedRecord): LineMatcher {
  const { steps } = program;
  const ops = Uint8Array.from(steps, ({ kind }) => codes[kind]);
  const literals = steps.map(({ bytes }) => bytes);
  const following = steps.map((_, i) => steps[i + 1]?.bytes ?? new Uint8Array(0));
  const stops = steps.map((step, i) => stopsOf(step, steps[i + 1], program.backslash));
  const fields = steps.map(({ time }) => time);
  const { names } = record;
  /** Of this line: -1 until its first list was read. */
  let count = -1;

  /** Skips to where the next literal stands, over escaped bytes. */
  const skip = (b: Uint8Array, from: number, stop: Uint8Array, literal: Uint8Array): number => {
    const first = literal[0];
    let p = from;
    for (;;) {
      while (stop[b[p] as number] === 0) p++;
      const c = b[p];
      if (c === first && matchesAt(b, p, literal)) return p;
      // Not found: the literal itself will not match here.
      if (c === byte.newline) return p;
      p += c === byte.backslash ? escapedLength(b, p) : 1;
    }
  };

  const escapedLength = (b: Uint8Array, p: number): number => (program.backslash && b[p + 1] !== byte.newline ? 2 : 1);

  const number = (b: Uint8Array, from: number): number => {
    let p = from;
    if (b[p] === byte.dash) return p + 1;
    while (isDigit(b[p])) p++;
    return p;
  };

  /** The last name that was read: its id, or -1 for `-` and for nothing. */
  let nameId = -1;
  const name = (b: Uint8Array, from: number, stop: Uint8Array): number => {
    let hash = 0;
    let p = from;
    for (let c = b[p] as number; stop[c] === 0; c = b[p] as number) {
      hash = hashStep(hash, c);
      p++;
    }
    const unset = p === from || (p === from + 1 && b[from] === byte.dash);
    nameId = unset ? -1 : names.idOf(b, from, p, hash);
    return p;
  };

  const host = (b: Uint8Array, from: number, stop: Uint8Array): number => {
    const p = name(b, from, stop);
    record.upstream = nameId;
    return p;
  };

  /** The list is over at `p` with `n` elements: every list of a line must have as many. */
  const closed = (p: number, n: number): number => {
    if (count === -1) count = n;
    return count === n && n <= maxAttempts ? p : -1;
  };

  const peers = (b: Uint8Array, from: number, stop: Uint8Array): number => {
    let p = from;
    let n = 0;
    for (;;) {
      p = name(b, p, stop);
      record.peers[n++] = nameId;
      const separator = separatorAt(b, p);
      if (separator === 0) return closed(p, n);
      if (separator === 3) redirect(n);
      if (n === maxAttempts) return -1;
      p += separator;
    }
  };

  const redirect = (n: number) => {
    if (record.redirectedFrom === 0) record.redirectedFrom = n;
    record.lastPass = n;
  };

  const values = (b: Uint8Array, from: number, op: number, into: TimeField): number => {
    let p = element(b, from, op, into, 0);
    let n = 1;
    while (n < maxAttempts) {
      const separator = separatorAt(b, p);
      if (separator === 0) break;
      const end = element(b, p + separator, op, into, n);
      // `, ` and nothing that could be an element: it belongs to the literal behind the list.
      if (end === p + separator) break;
      if (separator === 3) redirect(n);
      p = end;
      n++;
    }
    return closed(p, n);
  };

  /** One element, which may be `-` or nothing; gives its end. */
  const element = (b: Uint8Array, p: number, op: number, into: TimeField, n: number): number => {
    let value = -1;
    let end = p;
    if (b[p] === byte.dash) end = p + 1;
    else if (op === codes.statuses) {
      value = statusAt(b, p);
      if (value >= 0) end = p + 3;
    } else if (op === codes.numbers) end = number(b, p);
    else {
      const stop = timeEnd(b, p);
      if (stop >= 0) {
        value = milliseconds(b, p, stop);
        end = stop;
      }
    }
    if (op === codes.statuses) record.statuses[n] = value;
    else if (into !== null) record[into][n] = value;
    return end;
  };

  const requestTime = (b: Uint8Array, p: number): number => {
    const end = timeEnd(b, p);
    if (end >= 0) record.requestTimeMs = milliseconds(b, p, end);
    return end;
  };

  const status = (b: Uint8Array, p: number): number => {
    record.status = statusAt(b, p);
    return record.status < 0 ? -1 : p + 3;
  };

  const method = (b: Uint8Array, p: number, i: number): number => {
    record.methodStart = p;
    record.methodEnd = skip(b, p, stops[i] as Uint8Array, following[i] as Uint8Array);
    return record.methodEnd;
  };

  const step = (b: Uint8Array, p: number, i: number): number => {
    const op = ops[i];
    switch (op) {
      case 0: {
        const literal = literals[i] as Uint8Array;
        return matchesAt(b, p, literal) ? p + literal.length : -1;
      }
      case 1:
        return skip(b, p, stops[i] as Uint8Array, following[i] as Uint8Array);
      case 2:
        return number(b, p);
      case 3:
        return timestampEnd(b, p, false);
      case 4:
        return timestampEnd(b, p, true);
      case 5:
        return status(b, p);
      case 6:
        return requestTime(b, p);
      case 7:
        return method(b, p, i);
      case 8:
        return host(b, p, stops[i] as Uint8Array);
      case 9:
        return peers(b, p, stops[i] as Uint8Array);
      default:
        return values(b, p, op as number, fields[i] as TimeField);
    }
  };

  return (b, start) => {
    count = -1;
    record.redirectedFrom = 0;
    record.lastPass = 0;
    let p = start;
    for (let i = 0; i < ops.length; i++) {
      p = step(b, p, i);
      if (p < 0) return -1;
    }
    closeRecord(record, count === -1 ? 0 : count);
    return lineEnd(b, p);
  };
}

/** Where a value of unknown length may end: at the line's end, at the literal behind it, at what needs a closer look. */
function stopsOf(step: Step, next: Step | undefined, backslash: boolean): Uint8Array {
  const stop = new Uint8Array(256);
  stop[byte.newline] = 1;
  const first = next?.bytes[0];
  if (first !== undefined) stop[first] = 1;
  if (step.kind === 'peers' || step.kind === 'proxyHost') {
    stop.fill(1, 0, byte.blank + 1);
    stop[byte.quote] = 1;
    stop[byte.comma] = 1;
  } else if (backslash) stop[byte.backslash] = 1;
  return stop;
}
