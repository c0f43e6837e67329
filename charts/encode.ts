import type { Action, ChartLine, DimensionLine, UpdateAction } from './action.ts';

/**
 * Actions → the text of Netdata's external plugin protocol
 * (https://learn.netdata.cloud/docs/developer-and-contributor-corner/external-plugins).
 *
 * Netdata has no escaping: a word in quotes ends at the next same quote, and an unknown keyword kills the plugin. So
 * whatever could end a word or a line is replaced, and only keywords that 1.37.1 knows are written.
 */
export function encode(actions: readonly Action[]): string {
  const parts: string[] = [];
  for (const action of actions) {
    switch (action.do) {
      case 'create':
        parts.push(chartText(action.chart, 'store_first'), definitions(action.chart));
        break;
      case 'obsolete':
        // Netdata before 2.11 never frees a dimension that is not marked itself. The chart comes last: a child
        // announces it to its parent at that moment (docs/decisions/0232-charts-end-with-their-dimensions.md).
        parts.push(chartText(action.chart, 'store_first'));
        parts.push(...action.chart.dimensions.map((each) => dimensionText(each, true)));
        parts.push(chartText(action.chart, 'obsolete'));
        break;
      case 'update':
        updated(action, parts);
        break;
      case 'again':
        parts.push(textAgain(action.updates));
        break;
      default:
        action satisfies never;
    }
  }
  return parts.join('');
}

function updated({ id, variables: changed, unchanged, values }: UpdateAction, parts: string[]): void {
  parts.push('BEGIN ', id);
  if (changed) parts.push(variables(changed));
  if (unchanged) parts.push(settingsAgain(values));
  else settings(values, parts);
  parts.push('\nEND\n');
}

/** Of upstreams and peers at which nothing happens, all charts together. */
const writtenUpdates = new WeakMap<readonly UpdateAction[], string>();

function textAgain(updates: readonly UpdateAction[]): string {
  const known = writtenUpdates.get(updates);
  if (known !== undefined) return known;
  const parts: string[] = [];
  for (const update of updates) updated(update, parts);
  const text = parts.join('');
  writtenUpdates.set(updates, text);
  return text;
}

/** Nothing to say is an empty line: all versions accept it, and 2.x kills a plugin that is silent for two minutes. */
export const keepAlive = '\n';

function chartText(chart: ChartLine, options: string): string {
  const words = [
    `${chart.type}.${chart.id}`,
    quoted(''),
    quoted(chart.title),
    quoted(chart.units),
    quoted(chart.family),
    quoted(chart.context),
    chart.chartType,
    chart.priority,
    chart.updateEvery,
    quoted(options),
    quoted('nginx-upstream.plugin'),
    quoted(chart.module),
  ];
  return `CHART ${words.join(' ')}\n`;
}

function definitions(chart: ChartLine): string {
  let text = '';
  // The third word of CLABEL is its source, 1 = automatic. Without it Netdata 1.37.1 crashes.
  for (const [name, value] of chart.labels) text += `CLABEL ${quoted(name)} ${quoted(value, longestLabel)} 1\n`;
  return `${text}CLABEL_COMMIT\n${dimensionsText(chart.dimensions)}`;
}

/** The instances of a chart have the same dimensions, and a start draws all of them. */
const defined = new WeakMap<ChartLine['dimensions'], string>();

function dimensionsText(dimensions: ChartLine['dimensions']): string {
  const known = defined.get(dimensions);
  if (known !== undefined) return known;
  const text = dimensions.map((each) => dimensionText(each, each.obsolete === true)).join('');
  defined.set(dimensions, text);
  return text;
}

function dimensionText(dimension: DimensionLine, isOver: boolean): string {
  const { id, name = '', algorithm, multiplier, divisor, hidden } = dimension;
  const options = [...(isOver ? ['obsolete'] : []), ...(hidden ? ['hidden'] : [])].join(' ');
  const word = options.includes(' ') ? quoted(options) : options;
  return `DIMENSION ${id} ${quoted(name)} ${algorithm} ${multiplier} ${divisor}${word && ` ${word}`}\n`;
}

/** Far below Netdata's longest line (15,360 bytes in 1.37.1) even with all words of a CHART at this length. */
const longestWord = 300;

/** Netdata cuts a label's value at 799 bytes. */
const longestLabel = 600;

function quoted(text: string, longest = longestWord): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not get through
  return `'${text.slice(0, longest).replace(/['\\\x00-\x1f\x7f-\x9f\u2028\u2029]/g, '_')}'`;
}

/** Within BEGIN and END they are the chart's own, which alerts read as `$name`; elsewhere they would be the host's. */
function variables(values: Readonly<Record<string, number>>): string {
  const finite = Object.entries(values).filter(([, value]) => Number.isFinite(value));
  return finite.map(([name, value]) => `\nVARIABLE CHART ${name} = ${value}`).join('');
}

/** Netdata 1.37.1 reads values with strtoll: integers within 64 bits, no exponent. Any other value is left out: a gap. */
function settings(values: UpdateAction['values'], parts: string[]): void {
  for (const id in values) {
    const value = values[id] as number;
    const whole = Math.round(value);
    if (Number.isSafeInteger(whole)) parts.push(setOf(id), String(whole));
    else if (Math.abs(value) < 2 ** 63) parts.push(setOf(id), String(BigInt(whole)));
  }
}

const sets = new Map<string, string>();

/** By dimension, of which there are as many as the charts have. */
function setOf(id: string): string {
  let set = sets.get(id);
  if (set === undefined) {
    set = `\nSET ${id} = `;
    sets.set(id, set);
  }
  return set;
}

/** Most of it is the same every second: peers that never fail and have no findings. */
const written = new WeakMap<UpdateAction['values'], string>();

function settingsAgain(values: UpdateAction['values']): string {
  const known = written.get(values);
  if (known !== undefined) return known;
  const parts: string[] = [];
  settings(values, parts);
  const text = parts.join('');
  written.set(values, text);
  return text;
}
