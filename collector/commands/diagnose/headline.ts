/** The first line of `diagnose`: what fails now, and who pays for it. Pure. */
import { plural } from '../../base/text.ts';
import type { Diagnosis } from './diagnosis.ts';
import { type ClientCounts, errorsOf, isHurt } from './impact.ts';

const mostUpstreams = 4;

function statusText(counts: ClientCounts): string {
  const statuses = [...counts.errors].sort(([, a], [, b]) => b - a);
  const [first] = statuses;
  if (first === undefined) return '0';
  const errors = errorsOf(counts);
  const share = (errors * 100) / Math.max(1, counts.requests);
  const percent = share >= 10 || share === 0 ? String(Math.round(share)) : share.toFixed(1).replace(/\.0$/, '');
  if (statuses.length === 1) return `${percent} % ${first[0]} (${errors}/min)`;
  return `${percent} % 5xx (${statuses.map(([status, count]) => `${status}: ${count}/min`).join(', ')})`;
}

function upstreamText([name, counts]: readonly [string, ClientCounts]): string {
  const hidden = counts.hidden > 0 ? ` (retries hide ${counts.hidden}/min)` : '';
  const substitute = counts.substituted > 0 ? ` (${counts.substituted}/min get a substitute page)` : '';
  return `upstream ${name} ${statusText(counts)}${hidden}${substitute}`;
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
export function clientsText(one: Pick<Diagnosis, 'impact' | 'judged'>): string {
  return `${loggedText(one)}${unloggedText(one)}`;
}

function loggedText({ impact }: Pick<Diagnosis, 'impact'>): string {
  if (impact.read.length === 0) return 'not known, because no access log was read';
  if (!impact.tellsUpstreams) {
    if (errorsOf(impact.server) === 0) return 'no 5xx in the last minute on the entire server';
    return `${statusText(impact.server)} on the entire server: the log_format has no upstream variables`;
  }
  const touched = [...impact.upstreams].filter(
    ([, counts]) => errorsOf(counts) + counts.hidden + counts.substituted > 0,
  );
  const sorted = touched.sort(([, a], [, b]) => errorsOf(b) - errorsOf(a) || b.hidden - a.hidden);
  const rest = restOf(impact);
  const shown = [
    ...sorted.slice(0, mostUpstreams).map(upstreamText),
    ...(sorted.length > mostUpstreams ? [plural(sorted.length - mostUpstreams, 'more upstream')] : []),
    ...(errorsOf(rest) > 0 ? [`requests without an upstream ${statusText(rest)}`] : []),
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
