/** What `report` prints for a person: the morning after, on a screen. Pure. */

import type { ReportPeer } from '../../../aggregate/report/peers.ts';
import type { Report, ReportIncident } from '../../../aggregate/report/totals.ts';
import { sumOf } from '../../../base/collections.ts';
import { duration, plural } from '../../../base/text.ts';
import type { Percentiles } from '../../../model.ts';
import { isoOfWall } from '../../../parse/wall-clock.ts';
import { type Terminal, wrapped } from '../../terminal.ts';
import { causesOf, signsOf } from './causes.ts';
import { plotOf } from './plot.ts';
import { name, number, type Row, table } from './table.ts';
import { serverErrorRows, virtualHostRows } from './whose.ts';

/** More than this does not fit a screen; `--json` has all. */
const mostIncidents = 20;
const mostPeers = 20;
const widestPlot = 100;

const timeText = (second: number): string => isoOfWall(second).replace('T', ' ');
function section(title: string, lines: readonly string[], { paint }: Terminal): readonly string[] {
  return lines.length === 0 ? [] : ['', paint('bold', title), ...lines];
}

const failuresOf = ({ timeline }: Report): number => sumOf(timeline, ({ count }) => count);

function noticedText({ noticed }: ReportIncident): string {
  if (noticed === null) return 'not known';
  const { masked, affected } = noticed;
  if (masked + affected === 0) return 'none affected';
  return [affected > 0 ? `${number(affected)} failed` : '', masked > 0 ? `${number(masked)} hidden by a retry` : '']
    .filter(Boolean)
    .join(', ');
}

function timesText({ count, start, end }: ReportIncident): string {
  return count === 1 ? 'once' : `${number(count)} times in ${duration((end - start + 1) * 1000)}`;
}

/** `1,234 × 502, 3 × 504`: also a format without upstream variables has the client's status. */
function statusesText({ access }: Report): string {
  const bad = ['502', '503', '504'].flatMap((status) => {
    const count = access.byStatus[status] ?? 0;
    return count > 0 ? [`${number(count)} × ${status}`] : [];
  });
  return bad.join(', ');
}

function clientsText(report: Report): string {
  const { access } = report;
  if (!access.tellsAttempts) {
    const why =
      'no access log was read with a log_format that has upstream variables (name one with --format or --conf; check prints one to paste).';
    if (access.lines === 0) return `The impact on clients is not known: ${why}`;
    const statuses = statusesText(report);
    const got = statuses === '' ? 'no 502, 503 or 504' : statuses;
    return `All clients of the server got ${got}; the upstreams are not known: ${why}`;
  }
  if (access.masked + access.affected === 0) return 'No client was affected, and no retry was needed.';
  return `${plural(access.affected, 'request')} got a 502, 503 or 504; a retry at another peer saved ${number(access.masked)}.`;
}

function headline(report: Report): string {
  const { timeline, errors, access } = report;
  if (errors.lines + access.lines === 0) {
    return report.leftOut > 0
      ? `These logs have no line of that time: ${plural(report.leftOut, 'line')} left out.`
      : 'These logs are empty.';
  }
  const [first] = timeline;
  if (first === undefined) {
    const unread =
      errors.lines === 0 ? 'No error log was given, so no failure can be named.' : 'No upstream failure with a time.';
    return access.lines > 0 ? `${unread} ${clientsText(report)}` : unread;
  }
  const peers = new Set(timeline.map(({ peer }) => peer)).size;
  const worst = timeline.reduce((most, each) => (each.count > most.count ? each : most));
  const end = timeline.reduce((last, each) => Math.max(last, each.end), first.end);
  const failures = failuresOf(report);
  return (
    `${number(failures)} upstream ${failures === 1 ? 'failure' : 'failures'} at ${plural(peers, 'peer')} in ` +
    `${plural(timeline.length, 'incident')}, ${timeText(first.start)}${end > first.start ? ` to ${timeText(end)}` : ''}. ` +
    `The largest: ${name(worst.peer ?? 'nginx itself')} ${worst.kind}, ${timesText(worst)}. ${clientsText(report)}`
  );
}

function incidents({ timeline }: Report, terminal: Terminal): readonly string[] {
  const shown = new Set([...timeline].sort((a, b) => b.count - a.count).slice(0, mostIncidents));
  const rows = timeline
    .filter((each) => shown.has(each))
    .map((each) => [
      timeText(each.start),
      timeText(each.end),
      name(each.peer ?? '(nginx)'),
      each.kind,
      number(each.count),
      number(each.peakPerMinute),
      noticedText(each),
    ]);
  if (rows.length === 0) return [];
  const head = ['began', 'ended', 'peer', 'kind', 'failures', 'peak/min', 'clients'];
  const more = timeline.length - rows.length;
  return [
    ...table([head, ...rows], 4, terminal),
    ...(more > 0 ? [`  … and ${plural(more, 'smaller one')} (--json has all)`] : []),
  ];
}

const ms = (times: Percentiles | null, key: 'p50' | 'p95' | 'p99' | 'max'): string =>
  times === null ? '–' : number(times[key]);

function peerRow({ peer, upstream, failures, attempts, connectMs, responseMs }: ReportPeer): Row {
  const failed = Object.entries(failures).sort(([, a], [, b]) => b - a);
  const kinds = failed.map(([kind, count]) => `${kind} ${number(count)}`).join(', ');
  const times = [connectMs, responseMs].flatMap((each) => [
    ms(each, 'p50'),
    ms(each, 'p95'),
    ms(each, 'p99'),
    ms(each, 'max'),
  ]);
  return [
    name(peer),
    upstream === peer ? '' : name(upstream),
    kinds || 'none',
    attempts > 0 ? number(attempts) : '–',
    ...times,
  ];
}

function peers({ peers: all }: Report, terminal: Terminal): readonly string[] {
  if (all.length === 0) return [];
  const head = [
    'peer',
    'upstream',
    'failures',
    'attempts',
    'connect p50',
    'p95',
    'p99',
    'max',
    'response p50',
    'p95',
    'p99',
    'max',
  ];
  const more = all.length - mostPeers;
  return [
    ...table([head, ...all.slice(0, mostPeers).map(peerRow)], 3, terminal),
    ...(more > 0 ? [`  … and ${plural(more, 'peer')} more (--json has all)`] : []),
  ];
}

function causes(report: Report, terminal: Terminal): readonly string[] {
  const found = causesOf(report).slice(0, 5);
  if (found.length === 0) return [];
  const rows = found.map(({ kind, count, meaning }) =>
    wrapped(meaning, `  ${kind} (${number(count)}): `, terminal.width),
  );
  const signs = signsOf(report).map((each) => wrapped(each, '  pattern: ', terminal.width));
  const cannot =
    'Logs cannot show who listened, which firewall dropped, or whose queue was full. diagnose checks that while it fails.';
  return [...rows.flat(), ...signs.flat(), ...wrapped(cannot, '  ', terminal.width)];
}

function read({ errors, access, leftOut }: Report): readonly string[] {
  const lines = (of: { readonly lines: number; readonly unmatched: number }, what: string): string =>
    of.lines === 0
      ? `  no ${what} log was read`
      : `  ${what} log: ${number(of.lines)} lines${of.unmatched > 0 ? `, ${number(of.unmatched)} of them not recognised` : ''}`;
  const bad = Object.entries(access.byStatus).filter(([status]) => status >= '500');
  const statuses = bad.map(([status, count]) => `${status} × ${number(count)}`).join(', ');
  const errorsOf = access.lines === 0 ? [] : [`  server errors sent to clients: ${statuses || 'none'}`];
  return [
    lines(errors, 'error'),
    lines(access, 'access'),
    ...errorsOf,
    ...(leftOut > 0 ? [`  left out because of their time: ${plural(leftOut, 'line')}`] : []),
    '  times are in the time zone of the logs',
  ];
}

/** Lines to print. */
export function renderReport(report: Report, terminal: Terminal): readonly string[] {
  const { paint, width } = terminal;
  const columns = Math.min(width ?? 80, widestPlot);
  const minuteText = (minute: number): string => timeText(minute * 60).slice(0, 16);
  const plot = plotOf(report.perMinute, columns, minuteText);
  const begin = headline(report);
  return [
    ...wrapped(begin, '', width).map((line) => paint(report.timeline.length > 0 ? 'red' : 'green', line)),
    ...section('Incidents', incidents(report, terminal), terminal),
    ...section('Failures per minute', plot, terminal),
    ...section('Peers (times in milliseconds)', peers(report, terminal), terminal),
    ...section('Virtual hosts (upstream failures)', virtualHostRows(report, terminal), terminal),
    ...section('Server errors (5xx): from nginx or from the application', serverErrorRows(report, terminal), terminal),
    ...section('Causes, as far as logs show them', causes(report, terminal), terminal),
    ...section('Read', read(report), terminal),
  ];
}
