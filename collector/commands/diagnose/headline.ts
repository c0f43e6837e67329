/** The first line of `diagnose`: what fails now, and who pays for it. Pure. */
import { duration, plural } from '../../base/text.ts';
import type { Diagnosis } from './diagnosis.ts';
import { type ClientCounts, errorsOf, isHurt } from './impact.ts';

const mostUpstreams = 4;

/** Trouble that is younger has its time beside it; all else is of the last minute. */
const minuteMs = 50_000;
/** So long without a further one: not now. */
const agoMs = 10_000;

/** `/min`, or the time that a count is of, where it has just begun. */
function spanOf({ trouble }: ClientCounts, nowMs: number): string | null {
  const ms = trouble === null ? minuteMs : nowMs - trouble.firstMs;
  return ms >= minuteMs ? null : `in the last ${Math.max(1, Math.ceil(ms / 1000))} s`;
}

function mostRecent({ trouble }: ClientCounts, nowMs: number): string {
  const ms = trouble === null ? 0 : nowMs - trouble.lastMs;
  return ms < agoMs ? '' : `, the last ${duration(ms)} ago`;
}

function percentOf(counts: ClientCounts, isYoung: boolean): string {
  const requests = isYoung ? (counts.trouble?.requests ?? 0) : counts.requests;
  const share = (errorsOf(counts) * 100) / Math.max(1, requests);
  return share >= 10 || share === 0 ? String(Math.round(share)) : share.toFixed(1).replace(/\.0$/, '');
}

/** `3`, `3/min`. */
const times = (count: number, span: string | null): string => `${count}${span === null ? '/min' : ''}`;

function statusText(counts: ClientCounts, nowMs: number): string {
  const statuses = [...counts.errors].sort(([, a], [, b]) => b - a);
  const [first] = statuses;
  if (first === undefined) return '0';
  const span = spanOf(counts, nowMs);
  const end = `${span === null ? '' : ` ${span}`}${mostRecent(counts, nowMs)}`;
  const percent = percentOf(counts, span !== null);
  if (statuses.length === 1) return `${percent} % ${first[0]} (${times(errorsOf(counts), span)}${end})`;
  return `${percent} % 5xx (${statuses.map(([status, count]) => `${status}: ${times(count, span)}`).join(', ')}${end})`;
}

function upstreamText([name, counts]: readonly [string, ClientCounts], nowMs: number): string {
  const span = spanOf(counts, nowMs);
  // Errors beside it have said the time already.
  const end = span === null || errorsOf(counts) > 0 ? '' : ` ${span}`;
  const hidden = counts.hidden > 0 ? ` (retries hide ${times(counts.hidden, span)}${end})` : '';
  const substitute = counts.substituted > 0 ? ` (${times(counts.substituted, span)}${end} get a substitute page)` : '';
  return `upstream ${name} ${statusText(counts, nowMs)}${hidden}${substitute}`;
}

/** Errors that no upstream had a part in: limits, `return`, a name without an address. */
function restOf({ server, upstreams }: Diagnosis['impact']): ClientCounts {
  const errors = new Map(server.errors);
  for (const counts of upstreams.values()) {
    for (const [status, count] of counts.errors) errors.set(status, (errors.get(status) ?? 0) - count);
  }
  return { ...server, errors: new Map([...errors].filter(([, count]) => count > 0)) };
}

/** Clients that no line of the access log shows yet, or ever. */
function unloggedText({ judged }: Pick<Diagnosis, 'judged'>): string {
  const now = judged.filter(({ isOver }) => !isOver);
  const waiting = now
    .flatMap(({ subject, failures }) => (subject.is === 'peer' ? [...failures.values()] : []))
    .filter(({ message, errno }) => message === '' && errno === null)
    .reduce((sum, { count }) => sum + count, 0);
  const isShort = now.some(({ findings }) => findings.some(({ code }) => code === 'worker_connections'));
  return [
    waiting > 0 ? `; ${plural(waiting, 'request')} ${waiting === 1 ? 'waits' : 'wait'} for an answer` : '',
    isShort ? '; others are closed at once, without an answer' : '',
  ].join('');
}

/** `upstream shop 100 % 502 (88/min); api 0 (retries hide 12/min)`. */
export function clientsText(one: Pick<Diagnosis, 'impact' | 'judged' | 'nowMs'>): string {
  return `${loggedText(one)}${unloggedText(one)}`;
}

function loggedText({ impact, nowMs }: Pick<Diagnosis, 'impact' | 'nowMs'>): string {
  if (impact.read.length === 0) return 'not known, because no access log was read';
  if (!impact.tellsUpstreams) {
    if (errorsOf(impact.server) === 0) return 'no 5xx in the last minute on the entire server';
    return `${statusText(impact.server, nowMs)} on the entire server: the log_format has no upstream variables`;
  }
  const touched = [...impact.upstreams].filter(
    ([, counts]) => errorsOf(counts) + counts.hidden + counts.substituted > 0,
  );
  const sorted = touched.sort(([, a], [, b]) => errorsOf(b) - errorsOf(a) || b.hidden - a.hidden);
  const rest = restOf(impact);
  const shown = [
    ...sorted.slice(0, mostUpstreams).map((each) => upstreamText(each, nowMs)),
    ...(sorted.length > mostUpstreams ? [plural(sorted.length - mostUpstreams, 'more upstream')] : []),
    ...(errorsOf(rest) > 0 ? [`requests without an upstream ${statusText(rest, nowMs)}`] : []),
  ];
  return shown.length === 0 ? 'no 5xx in the last minute' : shown.join('; ');
}

/** Whether clients get more errors than a healthy site gives. */
export function clientsHurt({ impact }: Pick<Diagnosis, 'impact'>): boolean {
  return isHurt(impact.server) || [...impact.upstreams.values()].some(isHurt);
}

export function failsNow({ judged }: Pick<Diagnosis, 'judged'>): boolean {
  return judged.some(({ isOver }) => !isOver);
}

/** Everything that fails now, counted by what it is. */
function failingText({ judged }: Diagnosis): string {
  const now = judged.filter(({ isOver }) => !isOver);
  const of = (is: string): number => now.filter(({ subject }) => subject.is === is).length;
  const parts = [
    of('peer') > 0 ? plural(of('peer'), 'peer') : '',
    of('name') > 0 ? plural(of('name'), 'name') : '',
    of('group') > 0 && of('peer') === 0 ? plural(of('group'), 'upstream') : '',
    of('nginx') > 0 ? 'nginx itself' : '',
  ].filter(Boolean);
  if (parts.length === 0) return judged.length > 0 ? 'Nothing fails now.' : 'No upstream failure.';
  const isOne = now.length === 1 || (parts.length === 1 && /^(?:1 |nginx)/.test(parts[0] ?? ''));
  return `${parts.join(', ')} ${isOne ? 'fails' : 'fail'} now.`;
}

/** @param isOnly one nginx was checked: its name says nothing */
export function headline(one: Diagnosis, isOnly: boolean): string {
  const text = `${failingText(one)} Clients: ${clientsText(one)}.`;
  return isOnly ? text : `${one.job}: ${text}`;
}
