/** The table of a Function as Netdata's dashboard takes it (version 3 of its protocol). Pure. */
import { printable } from '../../base/printable.ts';

export type Cell = string | number | readonly string[] | null;
export type RowSeverity = 'error' | 'warning' | 'notice' | 'normal';

const looks = {
  text: { type: 'string', visualization: 'value', transform: 'none', filter: 'multiselect', summary: 'count' },
  pill: { type: 'string', visualization: 'pill', transform: 'none', filter: 'multiselect', summary: 'count' },
  list: { type: 'array', visualization: 'pill', transform: 'none', filter: 'multiselect', summary: 'count' },
  number: { type: 'integer', visualization: 'value', transform: 'number', filter: 'range', summary: 'sum' },
  share: { type: 'bar-with-integer', visualization: 'bar', transform: 'number', filter: 'range', summary: 'max' },
  time: { type: 'timestamp', visualization: 'value', transform: 'datetime', filter: 'range', summary: 'min' },
  duration: { type: 'duration', visualization: 'bar', transform: 'duration', filter: 'range', summary: 'max' },
} as const;

/** One column as data: what it is called, how it looks, and where its value stands in a row's source. */
export interface Column<R> {
  readonly id: string;
  readonly name: string;
  readonly look: keyof typeof looks;
  readonly value: (row: R) => Cell;
  readonly units?: string;
  /** How grouped rows are summed up, where it is not what the look says. */
  readonly summary?: 'sum' | 'max' | 'min' | 'count';
  /** Shown only when the user asks for it. */
  readonly hidden?: boolean;
  readonly key?: boolean;
  readonly sticky?: boolean;
  /** Long text: wrapped, and as wide as there is room. */
  readonly wide?: boolean;
  /** For callers that may see sensitive data. */
  readonly sensitive?: boolean;
}

export interface TableView<R> {
  readonly columns: readonly Column<R>[];
  readonly severity: (row: R) => RowSeverity;
  readonly sortBy: string;
  readonly charts: Readonly<Record<string, { readonly name: string; readonly column: string }>>;
  /** Pairs of a chart and the column it is split by. */
  readonly defaultCharts: readonly (readonly [string, string])[];
  readonly groupBy: readonly string[];
}

/** The members of an answer that describe and hold the rows. */
export function tableOf<R>(
  view: TableView<R>,
  rows: readonly R[],
  isSensitive: boolean,
): Readonly<Record<string, unknown>> {
  const columns = view.columns.filter(({ sensitive = false }) => isSensitive || !sensitive);
  const ids = new Set(columns.map(({ id }) => id));
  const groups = view.groupBy.filter((id) => ids.has(id));
  return {
    columns: {
      ...Object.fromEntries(columns.map((column, index) => [column.id, columnJson(column, index, rows)])),
      rowOptions: rowOptions(columns.length),
    },
    data: rows.map((row) => [...columns.map(({ value }) => harmless(value(row))), { severity: view.severity(row) }]),
    default_sort_column: view.sortBy,
    charts: Object.fromEntries(
      Object.entries(view.charts).map(([id, { name, column }]) => [
        id,
        { name, type: 'stacked-bar', columns: [column] },
      ]),
    ),
    default_charts: view.defaultCharts,
    group_by: Object.fromEntries(groups.map((id) => [id, { name: nameOf(columns, id), columns: [id] }])),
  };
}

const nameOf = (columns: readonly Column<never>[], id: string): string =>
  columns.find((column) => column.id === id)?.name ?? id;

function columnJson<R>(column: Column<R>, index: number, rows: readonly R[]): Readonly<Record<string, unknown>> {
  const { name, look, units = null, key = false, sticky = false, hidden = false, wide = false } = column;
  const { type, visualization, transform, filter, summary } = looks[look];
  return {
    ...plainColumn,
    index,
    unique_key: key,
    name,
    visible: !hidden,
    type,
    units,
    visualization,
    value_options: { units, transform, decimal_points: look === 'share' ? 1 : 0, default_value: null },
    ...(look === 'share' ? { max: 100 } : {}),
    ...(look === 'duration' ? { max: maximum(rows.map(column.value)) } : {}),
    sort: filter === 'range' ? 'descending' : 'ascending',
    sortable: true,
    sticky,
    summary: column.summary ?? summary,
    filter,
    full_width: wide,
    wrap: wide,
  };
}

/** What most columns have, and the hidden ones. */
const plainColumn = {
  unique_key: false,
  visible: false,
  units: null,
  value_options: { units: null, transform: 'none', decimal_points: 0, default_value: null },
  pointer_to: null,
  sort: 'ascending',
  sortable: false,
  sticky: false,
  summary: 'count',
  filter: 'none',
  full_width: false,
  wrap: false,
  default_expanded_filter: false,
};

const maximum = (cells: readonly Cell[]): number =>
  cells.reduce<number>((most, cell) => (typeof cell === 'number' && cell > most ? cell : most), 1);

/** The colour of a row stands in a column that is not shown. */
function rowOptions(index: number): Readonly<Record<string, unknown>> {
  return { ...plainColumn, index, name: 'rowOptions', type: 'none', visualization: 'rowOptions', dummy: true };
}

const longestText = 2000;

/** Names come from configurations and logs: nothing in them may reorder, hide or break what is shown. */
function harmless(cell: Cell): Cell {
  if (typeof cell === 'string') return printable(cell, 'lines').slice(0, longestText);
  if (typeof cell === 'number') return Number.isFinite(cell) ? cell : null;
  return cell === null ? null : cell.map((each) => printable(each).slice(0, longestText));
}
