/** The view `findings`: what `check` says, worst first. */
import { bySeverity, type CheckFinding } from '../facts.ts';
import { findingTitle } from '../words.ts';
import type { TableView } from './table.ts';

export interface FindingRow extends CheckFinding {
  readonly number: number;
}

/** Worst first; `check`'s own order within. */
export function findingRows(findings: readonly CheckFinding[]): readonly FindingRow[] {
  return bySeverity(findings).map((each, at) => ({ ...each, number: at + 1 }));
}

export const findingsView: TableView<FindingRow> = {
  columns: [
    { id: 'Number', name: '#', look: 'number', summary: 'count', key: true, value: ({ number }) => number },
    { id: 'Severity', name: 'Severity', look: 'pill', value: ({ severity }) => severity },
    { id: 'Title', name: 'Finding', look: 'text', wide: true, value: ({ code }) => findingTitle(code) },
    { id: 'Code', name: 'Code', look: 'text', value: ({ code }) => code },
    { id: 'Subject', name: 'Subject', look: 'text', sensitive: true, value: ({ subject }) => subject },
    { id: 'What', name: 'What is wrong', look: 'text', wide: true, sensitive: true, value: ({ what }) => what },
    { id: 'Why', name: 'What it costs', look: 'text', wide: true, sensitive: true, value: ({ why }) => why },
    { id: 'Remedy', name: 'Remedy', look: 'text', wide: true, sensitive: true, value: ({ remedy }) => remedy },
    { id: 'Place', name: 'Place', look: 'text', sensitive: true, value: ({ place }) => place },
  ],
  severity: ({ severity }) => severity,
  sortBy: 'Number',
  charts: {},
  defaultCharts: [],
  groupBy: ['Severity'],
};
