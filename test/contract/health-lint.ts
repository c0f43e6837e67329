/**
 * What Netdata does not say about a health file, or says only in its log: the grammar of src/health/REFERENCE.md
 * (health/REFERENCE.md in 1.37.1), and that an alert reads variables of the chart it is on and nothing else.
 */
import type { Chart } from '../../charts/chart.ts';
import { parseExpression } from '../support/alerts/expressions.ts';

export interface Entity {
  readonly kind: string;
  readonly name: string;
  readonly file: string;
  readonly lines: readonly { readonly key: string; readonly value: string; readonly number: number }[];
}

/** `key: value` lines by entity; a backslash at the end of a line continues it. */
export function parseHealth(file: string, text: string): Entity[] {
  const entities: { kind: string; name: string; file: string; lines: Entity['lines'][number][] }[] = [];
  const physical = text.split('\n');
  for (let i = 0; i < physical.length; i++) {
    const number = i + 1;
    let line = physical[i] ?? '';
    if (/^\s*(#|$)/.test(line)) continue;
    while (line.endsWith('\\')) line = `${line.slice(0, -1).trimEnd()} ${(physical[++i] ?? '').trim()}`;
    const [, key = '', value = ''] = /^\s*([^:]*?)\s*:\s*(.*?)\s*$/.exec(line) ?? ['', line.trim(), ''];
    if (/^(template|alarm)$/i.test(key)) entities.push({ kind: key.toLowerCase(), name: value, file, lines: [] });
    entities.at(-1)?.lines.push({ key: key.toLowerCase(), value, number });
  }
  return entities;
}

/** As `1.37.1`, `2.10.4`, made comparable. */
const rank = (version: string): number => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major * 1000 + minor;
};

const keysSince: readonly (readonly [version: string, keys: string])[] = [
  ['1.0', 'alarm template on os hosts plugin module host labels'],
  ['1.0', 'class type component lookup calc every green red warn crit exec to units info delay options repeat'],
  ['1.40', 'chart_labels'],
  ['1.43', 'summary'],
];

const specials = new Set(
  'this status now after before last_collected_t update_every green red REMOVED UNINITIALIZED UNDEFINED CLEAR WARNING CRITICAL'.split(
    ' ',
  ),
);

/** Labels that `${label:…}` may name, by level. */
const labels: Readonly<Record<Chart['level'], readonly string[]>> = {
  job: [],
  upstream: ['upstream', 'failing'],
  peer: ['upstream', 'peer', 'address', 'port', 'transport', 'cause'],
};

export interface LintOptions {
  readonly version: string;
  readonly catalogue: readonly Chart[];
  /** Names that Netdata's own alerts have. */
  readonly stock: ReadonlySet<string>;
}

/** Every problem as one line, `file:line: what`; none for files that are fine. */
export function lintHealth(
  files: Readonly<Record<string, string>>,
  { version, catalogue, stock }: LintOptions,
): string[] {
  const problems: string[] = [];
  const known = new Set(
    keysSince
      .flatMap(([since, keys]) => (rank(version) >= rank(since) ? keys.split(' ') : []))
      .map((key) => key.replace('_', ' ')),
  );
  known.add('host labels');
  const charts = new Map(catalogue.map((chart) => [`nginx_upstream.${chart.name}`, chart]));
  const entities = Object.entries(files).flatMap(([file, text]) => parseHealth(file, text));
  for (const [file, text] of Object.entries(files)) {
    for (const [i, line] of text.split('\n').entries())
      if (line.length > 4_000) problems.push(`${file}:${i + 1}: too long`);
  }
  const chartOf = (entity: Entity | undefined): Chart | undefined =>
    charts.get(entity?.lines.find(({ key }) => key === 'on')?.value ?? '');

  for (const entity of entities) {
    const problem = (number: number, what: string) =>
      problems.push(`${entity.file}:${number}: ${entity.name}: ${what}`);
    const first = entity.lines[0]?.number ?? 0;
    const value = (key: string) => entity.lines.find((line) => line.key === key)?.value;
    const has = (key: string) => value(key) !== undefined;
    if (!/^nginx_upstream_[a-z0-9_]+$/.test(entity.name)) problem(first, 'is not one of our names');
    if (stock.has(entity.name)) problem(first, "is one of Netdata's own");
    if (entities.filter(({ name }) => name === entity.name).length > 1) problem(first, 'is there twice');
    const chart = chartOf(entity);
    if (!chart) problem(first, `there is no chart ${value('on')}`);
    if (!has('calc')) problem(first, 'has nothing to evaluate');
    if (has('green') || has('red'))
      problem(first, 'green and red belong to the chart in 1.37.1: the first alert there decides');
    if (has('lookup')) problem(first, 'looks something up: a window is blind after a start');
    if (!has('warn') && !has('crit')) problem(first, 'is a helper');
    if (!has('every')) problem(first, 'is never evaluated');
    for (const key of ['units', 'info', 'summary', 'class', 'type', 'component', 'to', 'delay'])
      if (!has(key) && known.has(key)) problem(first, `has no ${key}`);
    for (const { key, value: text, number } of entity.lines) {
      if (!known.has(key)) problem(number, `Netdata ${version} does not know the key ${key}`);
      if (entity.lines.filter((line) => line.key === key).length > 1) problem(number, `${key} is there twice`);
      if (!chart) continue;
      if (['calc', 'warn', 'crit'].includes(key)) {
        for (const what of expressionProblems(text, chart)) problem(number, `${key}: ${what}`);
        const isGuarded = entity.name === 'nginx_upstream_collector' || text.endsWith(guard);
        if (key !== 'calc' && !isGuarded) problem(number, `${key} has no guard`);
      }
      if (['info', 'summary'].includes(key))
        for (const what of textProblems(text, chart, version)) problem(number, what);
      if (['every', 'delay'].includes(key) && !/^(up|down|max|multiplier|[\d.]+[smh]?|\s)+$/.test(text))
        problem(number, `odd ${key}`);
    }
  }
  return problems;
}

/** Without data an alert would stay as it is for ever. Last, so that in peace nobody computes it. */
const guard = ') AND (($now - $last_collected_t) < (15 * $update_every))';

/** A variable: special, or of the chart itself. On 2.x a missing chart's is replaced by a stranger's. */
function expressionProblems(text: string, chart: Chart): string[] {
  const isOwn = (name: string) =>
    specials.has(name) || name in (chart.variables ?? {}) || chart.dimensions.some(({ id }) => id === name);
  const names = Array.from(text.matchAll(/\$\{([^}]+)\}|\$([A-Za-z_][\w.]*)/g), ([, a, b]) => a ?? b ?? '');
  const problems = names.filter((name) => !isOwn(name)).map((name) => `$${name} is not of its chart`);
  try {
    parseExpression(text);
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  return problems;
}

/** Before 1.38 a placeholder is `$label:x` up to a blank or the end; later it is `${label:x}`. Each prints the other. */
function textProblems(text: string, chart: Chart, version: string): string[] {
  const isOld = rank(version) < rank('1.38');
  const form = isOld ? /\$label:(\S+)/g : /\$\{label:([^}]+)\}/g;
  const names = Array.from(text.matchAll(form), ([, name = '']) => name);
  const rest = text.replace(form, '');
  return [
    ...names
      .filter((name) => !labels[chart.level].includes(name))
      .map((name) => `a ${chart.level} has no label ${name}`),
    ...(rest.includes('$') ? [`a placeholder that Netdata ${version} does not know`] : []),
    ...(/['"]/.test(text) ? ['a quote, which 2.x prints as a blank'] : []),
  ];
}
