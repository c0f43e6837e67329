/** Tables of `report` on a screen. Pure. */

import { printable } from '../../../base/printable.ts';
import { aligned } from '../../table.ts';
import type { Terminal } from '../../terminal.ts';

export type Row = readonly string[];

const longestName = 48;

export const number = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',');

/** Names of peers come from lines that clients can shape: harmless, and of bounded length. */
export const name = (text: string): string => {
  const harmless = printable(text);
  return harmless.length > longestName ? `${harmless.slice(0, longestName - 1)}…` : harmless;
};

const indent = '  ';
const gap = 2;
/** Such a column belongs to the one before it: `connect p50  p95  p99  max`. */
const continues = /^(?:p\d\d|max)$/;

/** Columns that fit side by side, in order; each group begins with the first column, which names the row. */
function groupsOf(rows: readonly Row[], width: number | null): readonly (readonly number[])[] {
  const [head = []] = rows;
  const all = head.map((_, column) => column);
  if (width === null) return [all];
  const widths = all.map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)) + gap);
  const widthOf = (columns: readonly number[]): number =>
    columns.reduce((sum, column) => sum + (widths[column] ?? 0), indent.length - gap);
  const parts: number[][] = [];
  for (const column of all.slice(1)) {
    if (continues.test(head[column] ?? '')) parts.at(-1)?.push(column);
    else parts.push([column]);
  }
  const groups: number[][] = [[0]];
  for (const part of parts) {
    const last = groups.at(-1) ?? [];
    if (last.length > 1 && widthOf([...last, ...part]) > width) groups.push([0, ...part]);
    else last.push(...part);
  }
  return groups;
}

/**
 * A table whose first row is the head. On a terminal that is too narrow for it, several tables with some of the columns
 * each, one below the other.
 *
 * @param right the first column that is aligned to the right
 */
export function table(rows: readonly Row[], right: number, { paint, width }: Terminal): readonly string[] {
  return groupsOf(rows, width).flatMap((columns, at) => {
    const cells = rows.map((row) => columns.map((column) => row[column] ?? ''));
    const firstRight = columns.findIndex((column) => column >= right);
    const [head = '', ...rest] = aligned(cells, firstRight < 0 ? columns.length : firstRight, indent);
    return [...(at === 0 ? [] : ['']), paint('dim', head), ...rest];
  });
}
