import type { AccessProgram, FormatStep, StepKind } from '../format/program.ts';
import { listIndex, maxAttempts } from '../record.ts';
import { byte } from '../values.ts';

/**
 * The JavaScript of a matcher for one log_format: an expression that gives the position behind the line's last value,
 * or -1. Straight code, one piece per value and the literal behind it, in which the format is nothing but numbers:
 * of its text no character gets into the code (docs/decisions/0134-generated-matcher.md).
 *
 * Bytes are checked four at a time where they can be: `word(p)` is the little-endian number at `p`. Values of
 * unknown length end at a byte that `stops` marks for their unit.
 */
export function matcherSource(units: readonly Unit[], { backslash }: AccessProgram): string {
  const pieces = units.map((unit, i) => unitCode(unit, i, backslash));
  return `
    let p = start, from = 0, c = 0, w = 0, value = 0, n = 0, count = -1;
    record.lastPass = 0;
    record.redirectedFrom = 0;
    ${pieces.join('\n')}
    closeRecord(record, count === -1 ? 0 : count);
    return p;`;
}

/** A value, if any, and the literal behind it. */
export interface Unit {
  readonly value: FormatStep | null;
  readonly literal: Uint8Array;
}

/** The steps two by two: no two literals follow each other. */
export function unitsOf(steps: readonly FormatStep[]): readonly Unit[] {
  const units: Unit[] = [];
  const nothing = new Uint8Array(0);
  steps.forEach((step, i) => {
    const next = steps[i + 1];
    if (step.kind !== 'literal') units.push({ value: step, literal: next?.kind === 'literal' ? next.bytes : nothing });
    else if (i === 0) units.push({ value: null, literal: step.bytes });
  });
  return units;
}

/** For each unit 256 bytes: 1 where a value of unknown length may end, or where a closer look is needed. */
export function stopTables(units: readonly Unit[], backslash: boolean): Uint8Array {
  const table = new Uint8Array(units.length * 256);
  units.forEach(({ value, literal }, i) => {
    const stop = table.subarray(i * 256, (i + 1) * 256);
    stop[byte.newline] = 1;
    stop[byte.return] = 1;
    const first = literal[0];
    if (first !== undefined) stop[first] = 1;
    if (value?.kind === 'peers' || value?.kind === 'proxyHost') {
      stop.fill(1, 0, byte.blank + 1);
      stop[byte.quote] = 1;
      stop[byte.comma] = 1;
    } else if (backslash) stop[byte.backslash] = 1;
  });
  return table;
}

const word = (offset: number): string => `words.getInt32(p + ${offset}, true)`;

/** Whether the literal stands at `p`: in words, of which the last overlaps the one before. */
function literalTest(literal: Uint8Array): string {
  const { length } = literal;
  // A format may hold a newline; no line does.
  if (literal.includes(byte.newline)) return 'false';
  if (length === 0) return 'p === end';
  if (length === 1) return `b[p] === ${literal[0]}`;
  const padded = new DataView(new ArrayBuffer(Math.max(4, length)));
  literal.forEach((c, at) => {
    padded.setUint8(at, c);
  });
  if (length < 4) return `(${word(0)} & ${2 ** (8 * length) - 1}) === ${padded.getInt32(0, true)}`;
  const offsets = Array.from({ length: Math.ceil(length / 4) }, (_, i) => Math.min(4 * i, length - 4));
  return offsets.map((offset) => `${word(offset)} === ${padded.getInt32(offset, true)}`).join(' && ');
}

function unitCode(unit: Unit, i: number, backslash: boolean): string {
  const { value, literal } = unit;
  const toStop = `while (stops[${i * 256} + b[p]] === 0) p++;`;
  const behind = `p += ${literal.length};`;
  switch (value?.kind) {
    case 'free':
      return `${freeCode(toStop, literal, backslash)} ${behind}`;
    case 'method':
      return `from = p; ${freeCode(toStop, literal, backslash)} record.methodStart = from; record.methodEnd = p; ${behind}`;
    case 'long':
      return `${longCode(literal, backslash)} ${behind}`;
    default:
      return `${value === null ? '' : valueCode(value, toStop, i)} if (!(${literalTest(literal)})) return -1; ${behind}`;
  }
}

/** Of a value whose own text shows where it ends. */
function valueCode(value: FormatStep, toStop: string, i: number): string {
  const name = `from = p; ${toStop} value = p > from + 1 || (p > from && b[from] !== ${byte.dash}) ? names.idOf(words, from, p) : -1;`;
  switch (value.kind) {
    case 'number':
      return `if (b[p] === ${byte.dash}) p++; else while (b[p] >= 48 && b[p] <= 57) p++;`;
    case 'timeLocal':
      // 22/Nov/2026:07:30:45 +0000
      return timestampCode({ 2: byte.slash, 11: byte.colon, 20: byte.blank }, 26);
    case 'timeIso':
      // 2026-11-22T07:30:45+00:00
      return timestampCode({ 4: byte.dash, 13: byte.colon, 22: byte.colon }, 25);
    case 'status':
      return `w = ${word(0)}; if (!${threeDigits('w')}) return -1; record.status = ${numberOf('w')}; p += 3;`;
    case 'requestTime':
      return `${timeCode} record.requestTimeMs = value;`;
    case 'proxyHost':
      return `${name} record.upstream = value;`;
    case 'peers':
      return listCode(value, name, i);
    default:
      return listCode(value, elementCode(value.kind), i);
  }
}

function freeCode(toStop: string, literal: Uint8Array, backslash: boolean): string {
  const on = backslash ? `b[p] === ${byte.backslash} ? 2 : 1` : '1';
  const isOver =
    literal.length === 0 ? 'if (p >= end) break' : `if (p >= end) return -1; if (${literalTest(literal)}) break`;
  return `for (;;) { ${toStop} ${isOver}; p += ${on}; }`;
}

/** By Node's own search. */
function longCode(literal: Uint8Array, backslash: boolean): string {
  if (literal.length === 0) return 'p = end;';
  const found = backslash
    ? `${literalTest(literal)} && (b[p - 1] !== ${byte.backslash} || !isEscaped(b, from, p))`
    : literalTest(literal);
  return `from = p; for (;; p++) { p = b.indexOf(${literal[0]}, p); if (p === -1 || p >= end) return -1; if (${found}) break; }`;
}

function timestampCode(marks: Readonly<Record<number, number>>, length: number): string {
  const wrong = Object.entries(marks).map(([offset, mark]) => `b[p + ${offset}] !== ${mark}`);
  return `if (${wrong.join(' || ')} || p + ${length} > end) return -1; record.timeStart = p; p += ${length};`;
}

/** Whether the lower three bytes of a word are digits: 0x30 to 0x39, and 0x36 to 0x3f with six added. */
const threeDigits = (w: string): string =>
  `((${w} & 0xf0f0f0) === 0x303030 && ((${w} + 0x060606) & 0xf0f0f0) === 0x303030)`;

/** What they say; the first is the lowest byte. */
const numberOf = (w: string): string => `(${w} & 15) * 100 + (${w} >>> 8 & 15) * 10 + (${w} >>> 16 & 15)`;

const digitsCode = 'value = 0; for (c = b[p]; c >= 48 && c <= 57; c = b[++p]) value = value * 10 + c - 48;';

/** `1.234` → 1234, of what 32 bits hold. */
const timeCode = `
  from = p; ${digitsCode} w = ${word(0)} >>> 8;
  if (p === from || c !== ${byte.dot} || !${threeDigits('w')}) return -1;
  value = Math.min(value * 1000 + ${numberOf('w')}, 0x7fffffff); p += 4;`;

/** `-`, or nothing: then the list is empty. */
function elementCode(kind: StepKind): string {
  const found = {
    statuses: `w = ${word(0)}; if (!${threeDigits('w')}) return -1; value = ${numberOf('w')}; p += 3;`,
    times: timeCode,
    numbers: digitsCode,
  }[kind as 'statuses' | 'times' | 'numbers'];
  return `if (b[p] >= 48 && b[p] <= 57) { ${found} } else { value = -1; if (b[p] === ${byte.dash}) p++; }`;
}

/** As many elements as every list of the line has. Few lines have more than one: those behind it are taken elsewhere. */
function listCode(step: FormatStep, element: string, i: number): string {
  const list = listOf(step) * maxAttempts;
  return `
    ${element}
    lists[${list}] = value;
    n = 1;
    if (b[p] === ${byte.comma} || b[p] === ${byte.blank}) {
      p = more.elements(b, words, p, '${step.kind}', ${list}, ${i * 256});
      if (p === -1) return -1;
      n = more.count;
    }
    if (count === -1) count = n; else if (count !== n) return -1;`;
}

function listOf(step: FormatStep): number {
  if (step.kind === 'peers' || step.kind === 'statuses') return listIndex[step.kind];
  return step.time ? listIndex[step.time] : listIndex.unwanted;
}
