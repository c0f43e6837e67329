/**
 * What Netdata does not say about a health file, or says only in its log: the grammar of src/health/REFERENCE.md
 * (health/REFERENCE.md in 1.37.1), and that all that an alert reads exists.
 */
import type { Chart } from '../../charts/chart.ts';

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

const methods = new Set(['average', 'min', 'max', 'sum', 'median', 'stddev', 'cv', 'incremental_sum', 'countif']);
const lookupOptions = new Set([
  'unaligned',
  'absolute',
  'min2max',
  'null2zero',
  'percentage',
  'match-ids',
  'match-names',
]);
const lookupGrammar = /^(\S+) (-\d+[smh])( at (-\d+[smh]))?((?: [a-z][a-z0-9-]*)*?)( of (\S+))?$/;
const specials = new Set(
  'this status now after before last_collected_t update_every green red REMOVED UNINITIALIZED UNDEFINED CLEAR WARNING CRITICAL'.split(
    ' ',
  ),
);

/** Labels that `${label:…}` may name, by level. */
const labels: Readonly<Record<Chart['level'], readonly string[]>> = {
  job: [],
  upstream: ['upstream'],
  peer: ['upstream', 'peer', 'address', 'port', 'transport'],
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
  const named = new Map(entities.map((entity) => [entity.name, entity]));

  for (const entity of entities) {
    const problem = (number: number, what: string) =>
      problems.push(`${entity.file}:${number}: ${entity.name}: ${what}`);
    const first = entity.lines[0]?.number ?? 0;
    const value = (key: string) => entity.lines.find((line) => line.key === key)?.value;
    const has = (key: string) => value(key) !== undefined;
    if (!/^nginx_upstream_[a-z0-9_]+$/.test(entity.name)) problem(first, 'is no name of ours');
    if (stock.has(entity.name)) problem(first, "is one of Netdata's own");
    if (entities.filter(({ name }) => name === entity.name).length > 1) problem(first, 'is there twice');
    const chart = chartOf(entity);
    if (!chart) problem(first, `there is no chart ${value('on')}`);
    if (!has('lookup') && !has('calc')) problem(first, 'has nothing to evaluate');
    if (!has('every')) problem(first, 'is never evaluated');
    const wanted =
      has('warn') || has('crit') ? ['units', 'info', 'class', 'type', 'component', 'to', 'delay'] : ['units', 'info'];
    for (const key of wanted) if (!has(key)) problem(first, `has no ${key}`);
    for (const { key, value: text, number } of entity.lines) {
      if (!known.has(key)) problem(number, `Netdata ${version} does not know the key ${key}`);
      if (entity.lines.filter((line) => line.key === key).length > 1) problem(number, `${key} is there twice`);
      if (!chart) continue;
      if (key === 'lookup') for (const what of lookupProblems(text, chart)) problem(number, what);
      if (['calc', 'warn', 'crit'].includes(key)) {
        const isKnown = (name: string) => resolves(name, chart, charts, (helper) => chartOf(named.get(helper))?.level);
        for (const what of expressionProblems(text, isKnown)) problem(number, `${key}: ${what}`);
      }
      if (['info', 'summary'].includes(key))
        for (const what of textProblems(text, chart, version)) problem(number, what);
      if (['every', 'delay'].includes(key) && !/^(up|down|max|multiplier|[\d.]+[smh]?|\s)+$/.test(text))
        problem(number, `odd ${key}`);
    }
  }
  return problems;
}

function lookupProblems(text: string, chart: Chart): string[] {
  const [matched, method = '', , , , options = '', , of] = lookupGrammar.exec(text) ?? [];
  if (matched === undefined) return [`lookup is not understood: ${text}`];
  const ids = new Set(chart.dimensions.map(({ id }) => id));
  return [
    ...(methods.has(method) ? [] : [`there is no method ${method}`]),
    ...options
      .split(' ')
      .filter((option) => option !== '' && !lookupOptions.has(option))
      .map((option) => `odd option ${option}`),
    ...(of ?? '')
      .split(',')
      .filter((id) => id !== '' && !ids.has(id))
      .map((id) => `${chart.name} has no dimension ${id}`),
    ...(of === undefined ? ['looks up all dimensions'] : []),
  ];
}

/** A variable: special, of the chart itself, of a sibling chart of the same level, or an alert on such a chart. */
function resolves(
  name: string,
  chart: Chart,
  charts: ReadonlyMap<string, Chart>,
  levelOfAlert: (name: string) => Chart['level'] | undefined,
): string | null {
  if (specials.has(name)) return null;
  const has = (of: Chart, id: string) => of.dimensions.some((dimension) => dimension.id === id);
  if (has(chart, name) || name in (chart.variables ?? {})) return null;
  const dot = name.lastIndexOf('.');
  const sibling = charts.get(name.slice(0, dot));
  const level = dot >= 0 ? sibling?.level : levelOfAlert(name);
  if (level === undefined || (sibling && !has(sibling, name.slice(dot + 1)))) return `$${name} is nothing`;
  return level === chart.level ? null : `$${name} is of another level`;
}

const tokenPattern =
  /\s*(?:(\$\{[^}]+\}|\$[A-Za-z_][\w.]*)|(\d+(?:\.\d+)?)|(AND|OR|NOT|&&|\|\|)|([<>=!]=|[<>])|([-+*/])|([()?:]))/y;

/**
 * Words, parentheses, variables; and that arithmetic beside a comparison beside AND or OR has parentheses of its own:
 * 1.37.1 (libnetdata/eval/eval.c: parse_rest_of_expression) looks back one operator only.
 */
function expressionProblems(text: string, unknown: (name: string) => string | null): string[] {
  const problems: string[] = [];
  const levels: Set<string>[] = [new Set()];
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < text.length) {
    const at = tokenPattern.lastIndex;
    const found = tokenPattern.exec(text);
    if (!found) return [...problems, `is not understood from: ${text.slice(at)}`];
    const [, variable, , logic, comparison, arithmetic, mark] = found;
    const here = levels.at(-1);
    if (variable !== undefined) problems.push(unknown(variable.replace(/^\$\{?|\}$/g, '')) ?? '');
    if (logic !== undefined) here?.add('logic');
    if (comparison !== undefined) here?.add('comparison');
    if (arithmetic !== undefined) here?.add('arithmetic');
    if (mark === '(') levels.push(new Set());
    if (mark === ')') {
      if (levels.pop()?.size === 3) problems.push('arithmetic beside a comparison beside AND or OR');
      if (levels.length === 0) return [...problems, 'a parenthesis too many'];
    }
  }
  if (levels.length > 1) problems.push('a parenthesis is not closed');
  if (levels[0]?.size === 3) problems.push('arithmetic beside a comparison beside AND or OR');
  return problems.filter((problem) => problem !== '');
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
  ];
}
