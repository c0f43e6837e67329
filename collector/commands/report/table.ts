/** Tables of `report` on a screen. Pure. */

import { printable } from '../../base/printable.ts';
import { aligned } from '../table.ts';
import type { Terminal } from '../terminal.ts';

export type Row = readonly string[];

const longestName = 48;

export const number = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',');

/** Names of peers come from lines that clients can shape: harmless, and of bounded length. */
export const name = (text: string): string => {
  const harmless = printable(text);
  return harmless.length > longestName ? `${harmless.slice(0, longestName - 1)}…` : harmless;
};

/** Numbers to the right; the first row is the head. */
export function table(rows: readonly Row[], right: number): readonly string[] {
  return aligned(rows, right, '  ');
}

/** The first line is the head. */
export function withHead(lines: readonly string[], { paint }: Terminal): readonly string[] {
  const [head = '', ...rest] = lines;
  return [paint('dim', head), ...rest];
}
