/** What the dashboard of Netdata 2.x takes from a Function, stated once more and checked: problems in words. */
const types = 'none integer float boolean string detail-string bar-with-integer duration timestamp array feedTemplate';
const visuals = 'value bar pill richValue rowOptions feedTemplate';
const transforms = 'none number duration datetime datetime_usec xml text';
const filters = 'none range multiselect facet';
const summaries = 'count uniqueCount sum min max mean median';
const severities = 'error warning notice normal';
const chartTypes = 'bar stacked-bar doughnut value';
/** Which transform a type may have: others show nonsense. */
const fitting: Readonly<Record<string, string>> = {
  timestamp: 'datetime datetime_usec',
  duration: 'duration',
  integer: 'number none',
  float: 'number none',
  'bar-with-integer': 'number none',
  string: 'none xml text',
  array: 'none xml text',
  none: 'none',
};

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const oneOf = (words: string, value: unknown): boolean => words.split(' ').includes(String(value));

/** @returns what is wrong with an answer; empty: nothing */
export function problemsOf(body: unknown): string[] {
  if (!isObject(body) || !Number.isInteger(body['status'])) return ['no status'];
  if ((body['status'] as number) >= 400) {
    return typeof body['errorMessage'] === 'string' && body['errorMessage'] !== '' ? [] : ['no errorMessage'];
  }
  const isInfo = body['columns'] === undefined && body['data'] === undefined;
  return [...common(body), ...parameters(body), ...(isInfo ? [] : table(body))];
}

function common(body: Json): string[] {
  const wrong: string[] = [];
  if (body['type'] !== 'table') wrong.push('type');
  if (body['has_history'] !== false) wrong.push('has_history');
  if (body['v'] !== 3) wrong.push('v');
  if (!Number.isInteger(body['update_every'])) wrong.push('update_every');
  if (typeof body['help'] !== 'string') wrong.push('help');
  return wrong;
}

function parameters({ accepted_params: accepted, required_params: required }: Json): string[] {
  const wrong: string[] = [];
  if (!Array.isArray(accepted) || accepted.some((each) => typeof each !== 'string')) wrong.push('accepted_params');
  if (!Array.isArray(required)) return [...wrong, 'required_params'];
  for (const each of required as Json[]) {
    const options = each['options'] as Json[];
    const isFine =
      typeof each['id'] === 'string' &&
      typeof each['name'] === 'string' &&
      oneOf('select multiselect', each['type']) &&
      options.every(({ id, name }) => typeof id === 'string' && typeof name === 'string') &&
      options.filter(({ defaultSelected }) => defaultSelected === true).length === 1;
    if (!isFine) wrong.push(`required_params ${each['id']}`);
  }
  return wrong;
}

function table(body: Json): string[] {
  const { columns, data } = body;
  if (!isObject(columns) || !Array.isArray(data)) return ['columns or data'];
  const entries = Object.entries(columns) as [string, Json][];
  const wrong = entries.flatMap(([id, column], at) => columnProblems(id, column, at));
  if (entries.filter(([, { unique_key: key }]) => key === true).length !== 1) wrong.push('unique_key');
  if (!(String(body['default_sort_column']) in columns)) wrong.push('default_sort_column');
  return [...wrong, ...rowProblems(entries, data as unknown[][]), ...chartProblems(body, columns)];
}

function columnProblems(id: string, column: Json, at: number): string[] {
  const options = column['value_options'] as Json;
  const type = String(column['type']);
  const isFine =
    column['index'] === at &&
    typeof column['name'] === 'string' &&
    oneOf(types, type) &&
    oneOf(visuals, column['visualization']) &&
    oneOf(transforms, options['transform']) &&
    oneOf(fitting[type] ?? '', options['transform']) &&
    oneOf(filters, column['filter']) &&
    oneOf(summaries, column['summary']) &&
    oneOf('ascending descending', column['sort']) &&
    'unique_key visible sortable sticky full_width wrap'.split(' ').every((key) => typeof column[key] === 'boolean') &&
    (!oneOf('bar-with-integer duration', type) || typeof column['max'] === 'number') &&
    (id !== 'rowOptions' || (type === 'none' && column['visualization'] === 'rowOptions' && column['dummy'] === true));
  return isFine ? [] : [`column ${id}`];
}

const fits: Readonly<Record<string, (cell: unknown) => boolean>> = {
  string: (cell) => typeof cell === 'string',
  integer: Number.isFinite,
  'bar-with-integer': Number.isFinite,
  duration: Number.isFinite,
  timestamp: (cell) => Number.isInteger(cell) && (cell as number) > 1e12,
  array: (cell) => Array.isArray(cell) && cell.every((each) => typeof each === 'string'),
  none: (cell) => isObject(cell) && oneOf(severities, cell['severity']),
};

function rowProblems(columns: readonly [string, Json][], data: readonly unknown[][]): string[] {
  const wrong = new Set<string>();
  const keyAt = columns.findIndex(([, { unique_key: key }]) => key === true);
  if (new Set(data.map((row) => row[keyAt])).size !== data.length) wrong.add('rows with the same key');
  for (const row of data) {
    if (row.length !== columns.length) wrong.add(`a row of ${row.length} cells`);
    for (const [at, [id, { type }]] of columns.entries()) {
      const cell = row[at];
      if (cell !== null && fits[String(type)]?.(cell) !== true) wrong.add(`cell ${id}: ${JSON.stringify(cell)}`);
    }
  }
  return [...wrong];
}

function chartProblems(body: Json, columns: Json): string[] {
  const wrong: string[] = [];
  const charts = body['charts'] as Readonly<Record<string, { type: string; columns: string[] }>>;
  for (const [id, { type, columns: drawn }] of Object.entries(charts)) {
    if (!oneOf(chartTypes, type) || drawn.some((each) => !(each in columns))) wrong.push(`chart ${id}`);
  }
  for (const [chart = '', by = ''] of body['default_charts'] as string[][]) {
    if (!(chart in charts) || !(by in columns)) wrong.push(`default chart ${chart} by ${by}`);
  }
  const groups = body['group_by'] as Readonly<Record<string, { columns: string[] }>>;
  for (const [id, { columns: by }] of Object.entries(groups)) {
    if (by.some((each) => !(each in columns))) wrong.push(`group ${id}`);
  }
  return wrong;
}
