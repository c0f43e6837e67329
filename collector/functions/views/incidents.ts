/** The view `incidents`: what failed, when, how badly and why. One row an incident, newest first. */
import type { UpstreamIncident } from '../incidents.ts';
import { causeText } from '../words.ts';
import { kindsText } from './peers.ts';
import type { RowSeverity, TableView } from './table.ts';

export interface IncidentRow extends UpstreamIncident {
  readonly nowMs: number;
}

function severityOf({ endedMs, affected }: UpstreamIncident): RowSeverity {
  const isFelt = (affected ?? 0) > 0;
  if (endedMs === null) return isFelt ? 'error' : 'warning';
  return isFelt ? 'notice' : 'normal';
}

export const incidentsView: TableView<IncidentRow> = {
  columns: [
    {
      id: 'Row',
      name: 'Row',
      look: 'text',
      hidden: true,
      key: true,
      value: ({ beganMs, job, upstream }) => `${beganMs} ${job} ${upstream}`,
    },
    { id: 'Began', name: 'Began', look: 'time', summary: 'max', value: ({ beganMs }) => beganMs },
    { id: 'Ended', name: 'Ended', look: 'time', summary: 'max', value: ({ endedMs }) => endedMs },
    { id: 'State', name: 'State', look: 'pill', value: ({ endedMs }) => (endedMs === null ? 'ongoing' : 'over') },
    {
      id: 'Duration',
      name: 'Duration',
      look: 'duration',
      units: 's',
      value: ({ beganMs, endedMs, nowMs }) => Math.max(0, Math.round(((endedMs ?? nowMs) - beganMs) / 1000)),
    },
    { id: 'Upstream', name: 'Upstream', look: 'text', sticky: true, value: ({ upstream }) => upstream },
    { id: 'Peers', name: 'Peers', look: 'list', value: ({ peers }) => peers },
    { id: 'Kinds', name: 'Kinds', look: 'text', value: ({ kinds }) => kindsText(Object.entries(kinds)) },
    { id: 'Failures', name: 'Failures', look: 'number', units: 'failures', value: ({ failures }) => failures },
    {
      id: 'Peak',
      name: 'Peak',
      look: 'number',
      units: 'failures/min',
      summary: 'max',
      value: ({ peakPerMinute }) => peakPerMinute,
    },
    { id: 'Affected', name: 'Clients affected', look: 'number', units: 'requests', value: ({ affected }) => affected },
    { id: 'Masked', name: 'Hidden by a retry', look: 'number', units: 'requests', value: ({ masked }) => masked },
    {
      id: 'Cause',
      name: 'Cause',
      look: 'text',
      value: ({ cause }) => (cause === null ? 'not known' : causeText(cause)),
    },
    { id: 'Sureness', name: 'How sure', look: 'text', value: ({ sureness }) => sureness ?? '' },
    { id: 'Job', name: 'Job', look: 'text', hidden: true, value: ({ job }) => job },
  ],
  severity: severityOf,
  sortBy: 'Began',
  charts: { Failures: { name: 'Failures', column: 'Failures' } },
  defaultCharts: [
    ['Failures', 'Upstream'],
    ['Failures', 'Cause'],
  ],
  groupBy: ['Upstream', 'Cause', 'State'],
};
