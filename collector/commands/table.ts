/** Columns as wide as their widest cell, those from `right` on to the right; the first row has every column. */
export function aligned(
  rows: readonly (readonly string[])[],
  right = Number.POSITIVE_INFINITY,
  indent = '',
): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const pad = (cell: string, column: number) =>
    column >= right ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
  return rows.map((row) => (indent + row.map(pad).join('  ')).trimEnd());
}
