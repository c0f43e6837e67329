/** A program laid out for the fast matcher: plain numbers in typed arrays. */
import type { Step, StepKind } from './access-program.ts';
import { listIndex, maxAttempts } from './access-record.ts';
import { byte } from './access-values.ts';

export const op = {
  literal: 0,
  free: 1,
  long: 2,
  number: 3,
  timeLocal: 4,
  timeIso: 5,
  status: 6,
  requestTime: 7,
  method: 8,
  proxyHost: 9,
  peers: 10,
  statuses: 11,
  times: 12,
  numbers: 13,
} as const satisfies Record<StepKind, number>;

/** What the matcher knows of a unit, side by side in one array. */
export const slot = {
  op: 0,
  length: 1,
  mask: 2,
  head: 3,
  tailOffset: 4,
  tail: 5,
  stops: 6,
  list: 7,
  literal: 8,
} as const;
export const stride = 9;

/** A value, if any, and the literal behind it. */
export interface Unit {
  readonly value: Step | null;
  readonly literal: Uint8Array;
}

/** The steps two by two: no two literals follow each other. */
export function unitsOf(steps: readonly Step[]): readonly Unit[] {
  const units: Unit[] = [];
  const nothing = new Uint8Array(0);
  steps.forEach((step, i) => {
    const next = steps[i + 1];
    if (step.kind !== 'literal') units.push({ value: step, literal: next?.kind === 'literal' ? next.bytes : nothing });
    else if (i === 0) units.push({ value: null, literal: step.bytes });
  });
  return units;
}

/** Literals one after the other. */
export function literalBytes(units: readonly Unit[]): Uint8Array {
  return Uint8Array.from(units.flatMap(({ literal }) => [...literal]));
}

/** All that the matcher looks up while it matches, `stride` numbers per unit. */
export function codeOf(units: readonly Unit[]): Int32Array {
  const code = new Int32Array(units.length * stride);
  let literals = 0;
  units.forEach(({ value, literal }, i) => {
    const padded = new DataView(new ArrayBuffer(Math.max(8, literal.length)));
    literal.forEach((c, at) => {
      padded.setUint8(at, c);
    });
    const mask = literal.length < 4 ? 2 ** (8 * literal.length) - 1 : -1;
    const tailOffset = Math.min(4, Math.max(0, literal.length - 4));
    code.set(
      [
        value === null ? op.literal : op[value.kind],
        literal.length,
        mask,
        padded.getInt32(0, true) & mask,
        tailOffset,
        padded.getInt32(tailOffset, true) & mask,
        i * 256,
        listOf(value) * maxAttempts,
        literals,
      ],
      i * stride,
    );
    literals += literal.length;
  });
  return code;
}

function listOf(step: Step | null): number {
  if (step?.kind === 'peers' || step?.kind === 'statuses') return listIndex[step.kind];
  return step?.time ? listIndex[step.time] : listIndex.unwanted;
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
