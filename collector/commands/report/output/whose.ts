/** Whose requests failed, and who made the errors: the virtual hosts and the 5xx of `report`. Pure. */

import { type NamedFailures, sumOfKinds } from '../../../aggregate/report/by-name.ts';
import type { Report } from '../../../aggregate/report/totals.ts';
import { type ReportUpstream, serverErrorsOf } from '../../../aggregate/report/upstreams.ts';
import { plural } from '../../../base/text.ts';
import type { Terminal } from '../../terminal.ts';
import { name, number, type Row, table } from './table.ts';

/** More than this does not fit a screen; `--json` has all. */
const mostRows = 10;

const kindsText = ({ failures }: NamedFailures): string =>
  Object.entries(failures)
    .sort(([, a], [, b]) => b - a)
    .map(([kind, count]) => `${kind} ${number(count)}`)
    .join(', ');

function rowsOf(what: string, all: readonly NamedFailures[]): readonly Row[] {
  const shown = all
    .slice(0, mostRows)
    .map((each) => [what, name(each.name), number(sumOfKinds(each.failures)), kindsText(each)]);
  const more = all.length - shown.length;
  return more > 0 ? [...shown, [what, `… and ${number(more)} more (--json has all)`, '', '']] : shown;
}

/** By `server_name`, as nginx's configuration has it, and by the Host header, as clients asked. */
export function virtualHostRows({ servers, hosts }: Report, terminal: Terminal): readonly string[] {
  const rows = [...rowsOf('server', servers), ...rowsOf('host', hosts)];
  return rows.length === 0 ? [] : table([['by', 'name', 'failures', 'kinds'], ...rows], 9, terminal);
}

const share = (part: number, all: number): string => `${number(part)} (${Math.round((100 * part) / all)} %)`;

/** nginx makes an error when no peer answered; else the application did. */
export function serverErrorRows({ upstreams }: Report, terminal: Terminal): readonly string[] {
  const failing = upstreams.filter((each) => serverErrorsOf(each) > 0);
  if (failing.length === 0) return [];
  const rowOf = (each: ReportUpstream): Row => {
    const all = serverErrorsOf(each);
    const { nginx, application, unclear } = each.serverErrors;
    const ofRequests = each.upstream === null ? '' : share(all, each.requests);
    const made = [nginx, application, unclear].map((count) => share(count, all));
    return [each.upstream === null ? '(no upstream asked)' : name(each.upstream), ofRequests || number(all), ...made];
  };
  const head = ['upstream', '5xx, of its requests', 'from nginx', 'from the application', 'unclear'];
  const more = failing.length - mostRows;
  return [
    ...table([head, ...failing.slice(0, mostRows).map(rowOf)], 1, terminal),
    ...(more > 0 ? [`  … and ${plural(more, 'upstream')} more (--json has all)`] : []),
    ...(failing.some(({ serverErrors }) => serverErrors.unclear > 0)
      ? ['  unclear: the log_format needs $upstream_connect_time, $upstream_header_time and $upstream_status']
      : []),
  ];
}
