/** Failures per minute over time, in block characters. Pure. */

const eighths = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
const height = 6;

export interface Bins {
  /** Minutes that one column stands for. */
  readonly width: number;
  /** The first minute. */
  readonly from: number;
  /** The most failures in any one minute of each column. */
  readonly peaks: readonly number[];
}

/** At most `columns` columns, each as many full minutes. */
function binsOf(perMinute: ReadonlyMap<number, number>, columns: number): Bins | null {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const minute of perMinute.keys()) {
    if (minute < from) from = minute;
    if (minute > to) to = minute;
  }
  if (from > to) return null;
  const width = Math.ceil((to - from + 1) / columns);
  const peaks = new Array<number>(Math.ceil((to - from + 1) / width)).fill(0);
  for (const [minute, count] of perMinute) {
    const at = Math.floor((minute - from) / width);
    peaks[at] = Math.max(peaks[at] ?? 0, count);
  }
  return { width, from, peaks };
}

/** What fills the cell of a column in a row, rows counted from the bottom; whatever is not zero shows. */
function cell(peak: number, most: number, row: number): string {
  const filled = peak === 0 ? 0 : Math.max(1, Math.round((peak / most) * height * 8));
  return eighths[Math.min(8, Math.max(0, filled - row * 8))] ?? ' ';
}

/**
 * @param columns of the entire plot with its scale
 * @param timeOf the text of a minute's time
 */
export function plotOf(
  perMinute: ReadonlyMap<number, number>,
  columns: number,
  timeOf: (minute: number) => string,
): readonly string[] {
  let most = 0;
  for (const count of perMinute.values()) if (count > most) most = count;
  const scale = Math.max(5, String(most).length);
  const bins = binsOf(perMinute, columns - scale - 3);
  if (bins === null) return [];
  const rows = Array.from({ length: height }, (_, at) => {
    const row = height - 1 - at;
    const label = row === height - 1 ? String(most) : '';
    const cells = bins.peaks.map((peak) => cell(peak, most, row)).join('');
    return `${label.padStart(scale)} ┤${cells}`.trimEnd();
  });
  const axis = `${'0'.padStart(scale)} └${'─'.repeat(bins.peaks.length)}`;
  return [...rows, axis, timeAxis(bins, scale + 2, timeOf)];
}

function timeAxis({ from, width, peaks }: Bins, indent: number, timeOf: (minute: number) => string): string {
  const first = timeOf(from);
  const last = timeOf(from + width * peaks.length);
  const room = peaks.length - first.length - last.length;
  const text = room > 1 ? first + ' '.repeat(room) + last : `${first} to ${last}`;
  return ' '.repeat(indent) + text;
}
