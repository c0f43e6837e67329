import type { ChartLine, DimensionLine } from './action.ts';
import type { Chart, Dimension, Values } from './chart.ts';

const lineOf = (dimension: Dimension): DimensionLine => ({ multiplier: 1, divisor: 1, ...dimension });

/** Of one chart of the catalogue, the same for all its instances: what is written of them is written once (encode.ts). */
const fixed = new WeakMap<Chart, readonly DimensionLine[]>();

export function fixedDimensions(chart: Chart): readonly DimensionLine[] {
  const known = fixed.get(chart);
  if (known !== undefined) return known;
  const lines = chart.dimensions.map(lineOf);
  fixed.set(chart, lines);
  return lines;
}

const isSilent = (values: Values): boolean => Object.values(values).every((value) => value === 0);

/** A chart that has nothing to say yet, and never had. */
export function hasNothingToSay(chart: Chart, isDrawn: boolean, reading: Values | null): boolean {
  return !isDrawn && chart.quiet !== undefined && (reading === null || isSilent(reading));
}

/** The dimensions of a chart, as they are to be now: fixed ones, or those that have something to say. */
export function dimensionsNow(
  chart: Chart,
  drawn: readonly DimensionLine[] | null,
  more: readonly Dimension[],
  reading: Values | null,
): readonly DimensionLine[] {
  if (chart.quiet !== 'dimensions') return [...chart.dimensions, ...more].map(lineOf);
  const known = new Set(drawn?.map(({ id }) => id));
  return chart.dimensions.filter(({ id }) => known.has(id) || (reading?.[id] ?? 0) !== 0).map(lineOf);
}

/** The line with these dimensions; the same line when they are what they were. Those that are gone are reported once. */
export function withDimensions(line: ChartLine, now: readonly DimensionLine[]): ChartLine {
  const before = line.dimensions.filter(({ obsolete }) => !obsolete);
  const isSame = before.length === now.length && now.every(({ id }, i) => before[i]?.id === id);
  if (isSame) return line;
  const ids = new Set(now.map(({ id }) => id));
  const gone = before.filter(({ id }) => !ids.has(id)).map((dimension) => ({ ...dimension, obsolete: true }));
  return { ...line, dimensions: [...now, ...gone] };
}

/** Only what has a dimension may be set. */
export function valuesOf(line: ChartLine, chart: Chart, reading: Values): Values {
  if (chart.quiet !== 'dimensions') return reading;
  return Object.fromEntries(line.dimensions.flatMap(({ id }) => (id in reading ? [[id, reading[id] as number]] : [])));
}
