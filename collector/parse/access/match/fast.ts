import type { AccessProgram } from '../format/program.ts';
import { closeRecord, type MatchedRecord } from '../record.ts';
import { byte, valuesEnd } from '../values.ts';
import { matcherSource, stopTables, unitsOf } from './codegen.ts';
import { createMoreElements } from './more.ts';

/** Matches one line; gives the position of its newline, or -1. There must be a newline at or after `p`. */
export type LineMatcher = (b: Buffer, p: number) => number;

/** The generated part: the line `b[start, end)`, whose bytes `words` sees as well; where its last value ends, or -1. */
type Run = (b: Buffer, words: DataView, start: number, end: number) => number;

/** So many bytes behind a line may be read, though not checked. */
const slack = 8;

/**
 * The hot path: one pass over the bytes, from the left, without a string and without going back. What it accepts is
 * what `access-exact.ts` finds first; what it does not accept may still match there.
 */
export function createFastMatcher(program: AccessProgram, record: MatchedRecord): LineMatcher {
  const run = generate(program, record);
  let viewed: Buffer | null = null;
  let words = new DataView<ArrayBufferLike>(new ArrayBuffer(0));
  let last = 0;
  let scratch = Buffer.alloc(1024);

  /** A line with too little memory behind it is matched elsewhere. */
  const elsewhere = (b: Buffer, start: number, newline: number): number => {
    const length = newline + 1 - start;
    if (scratch.length < length + slack) scratch = Buffer.alloc(2 * (length + slack));
    b.copy(scratch, 0, start, newline + 1);
    if (match(scratch, 0) < 0) return -1;
    if (program.has.method) {
      record.methodStart += start;
      record.methodEnd += start;
    }
    if (record.timeStart >= 0) record.timeStart += start;
    return newline;
  };

  const match: LineMatcher = (b, start) => {
    if (b !== viewed) {
      viewed = b;
      words = new DataView(b.buffer, b.byteOffset);
      last = words.byteLength - slack;
    }
    const newline = b.indexOf(byte.newline, start);
    if (newline > last) return elsewhere(b, start, newline);
    const end = valuesEnd(b, start, newline, program.blankEnd);
    return run(b, words, start, end) === end ? newline : -1;
  };
  return match;
}

function generate(program: AccessProgram, record: MatchedRecord): Run {
  const units = unitsOf(program.steps);
  const stops = stopTables(units, program.backslash);
  const scope = {
    record,
    names: record.names,
    lists: record.lists,
    stops,
    more: createMoreElements(record, stops),
    closeRecord,
    isEscaped,
  };
  const create = new Function(
    ...Object.keys(scope),
    `return (b, words, start, end) => {${matcherSource(units, program)}}`,
  );
  return create(...Object.values(scope)) as Run;
}

/** Whether an odd number of backslashes stands before `p`: then its byte belongs to the value. */
function isEscaped(b: Uint8Array, from: number, p: number): boolean {
  let before = p;
  while (before > from && b[before - 1] === byte.backslash) before--;
  return (p - before) % 2 === 1;
}
