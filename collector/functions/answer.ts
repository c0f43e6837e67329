/** Answers as JSON, and the lines of Netdata's protocol around them. Pure. */
import type { CheckFinding } from './facts.ts';
import type { UpstreamIncident } from './incidents.ts';
import { functionName, type ViewId, viewIds } from './request.ts';
import { findingRows, findingsView } from './views/findings.ts';
import { incidentsView } from './views/incidents.ts';
import { peerRows } from './views/peer-rows.ts';
import { peersView } from './views/peers.ts';
import { tableOf } from './views/table.ts';
import type { JobMinute } from './watch.ts';

/** What is known now. `findings` is null until `check` has run. */
export interface Known {
  readonly jobs: readonly JobMinute[];
  readonly incidents: readonly UpstreamIncident[];
  readonly findings: readonly CheckFinding[] | null;
  readonly nowMs: number;
  readonly updateEvery: number;
}

const help =
  'Upstream peers of nginx: which one fails, how many clients are affected, why, and what to do. Counts are of the last minute; connect and response times are of the last second with requests.';

const viewNames: Readonly<Record<ViewId, string>> = { peers: 'Peers', incidents: 'Incidents', findings: 'Findings' };

const parameters = {
  accepted_params: ['info', 'view'],
  required_params: [
    {
      id: 'view',
      name: 'View',
      help: 'Peers as they are now, incidents of the past, or what the plugin needs to see more',
      type: 'select',
      unique_view: true,
      options: viewIds.map((id, at) => ({ id, name: viewNames[id], defaultSelected: at === 0 })),
    },
  ],
};

const common = { status: 200, type: 'table', has_history: false, v: 3, help, ...parameters };

/** The answer to `info`: how the dashboard has to ask. */
export function infoBody(updateEvery: number): string {
  return JSON.stringify({ ...common, update_every: updateEvery });
}

/** @returns null: that is not known yet */
export function viewBody(view: ViewId, isSensitive: boolean, known: Known): string | null {
  const table = tableFor(view, isSensitive, known);
  const expires = Math.floor(known.nowMs / 1000) + known.updateEvery;
  return table === null ? null : JSON.stringify({ ...common, update_every: known.updateEvery, expires, ...table });
}

function tableFor(view: ViewId, isSensitive: boolean, { jobs, incidents, findings, nowMs }: Known) {
  switch (view) {
    case 'peers':
      return tableOf(peersView, peerRows(jobs), isSensitive);
    case 'incidents':
      return tableOf(
        incidentsView,
        incidents.map((each) => ({ ...each, nowMs })),
        isSensitive,
      );
    case 'findings':
      return findings === null ? null : tableOf(findingsView, findingRows(findings), isSensitive);
  }
}

/** What went wrong with a call, in the form that the agent's own errors have. */
export function errorBody(status: number, message: string): string {
  return JSON.stringify({ status, errorMessage: message });
}

/** Seconds after which Netdata gives up on a call, unless the caller says otherwise. */
const timeoutSeconds = 10;

/** 0x8, anonymous-data: what charts, labels and alerts show already. */
export const registration = `FUNCTION GLOBAL "${functionName}" ${timeoutSeconds} "${help}" "top" "any" 100 3\n`;

/**
 * One complete answer. The body is one line of JSON, whose strings hold no line break: so no line of it can end the
 * answer early.
 */
export function resultText(transaction: string, status: number, expires: number, body: string): string {
  return `FUNCTION_RESULT_BEGIN ${transaction} ${status} application/json ${expires}\n${body}\nFUNCTION_RESULT_END\n`;
}
