/** What `diagnose` prints: one block per failing peer, most important first. Pure. */
import type { Facts, MissingRight } from '../diagnose/facts.ts';
import type { Judged } from '../diagnose/judge.ts';
import { duration, failureText, plural } from '../diagnose/signs.ts';
import { word } from '../diagnose/wording.ts';
import type { NginxRead } from '../discover/read-nginx.ts';
import { shellWord } from '../parse/shell-word.ts';
import { localTime } from '../system/clock.ts';
import type { RecentLines } from './recent-lines.ts';
import { printable, type Style, type Terminal, wrapped } from './terminal.ts';

/** `10.0.0.1:80` is what nginx writes; a person may leave out the brackets, the port, or `unix:`. */
export function isMeant(wanted: string | null, peer: string): boolean {
  if (wanted === null) return true;
  const plain = (text: string): string => text.replace(/[[\]]/g, '').replace(/^unix:/, '');
  return plain(peer) === plain(wanted) || plain(peer).replace(/:\d+$/, '') === plain(wanted);
}

/** One nginx, looked at. */
export interface Diagnosis {
  readonly job: string;
  readonly read: NginxRead;
  readonly logs: RecentLines;
  /** Lines that no process of a known nginx wrote: not counted. */
  readonly strange: number;
  /** Failures after a connection was made. */
  readonly later: number;
  /** null: nothing failed, so nothing was looked at. */
  readonly facts: Facts | null;
  readonly judged: readonly Judged[];
  readonly nowMs: number;
}

export interface DiagnosisResult {
  readonly diagnoses: readonly Diagnosis[];
  /** The plugin's own configuration is not valid. */
  readonly problem: { readonly path: string; readonly text: string } | null;
  readonly peer: string | null;
  readonly sinceMs: number;
  readonly isRoot: boolean;
  /** How this program was called. */
  readonly program: string;
}

const colours: Readonly<Record<'certain' | 'likely' | 'unknown', Style>> = {
  certain: 'red',
  likely: 'yellow',
  unknown: 'cyan',
};

const missingTexts: Readonly<Record<MissingRight, string>> = {
  socket_owner: 'which process holds a socket (other users’ /proc/PID/fd)',
  socket_folder: 'a folder on the way to a socket file',
  nginx_namespace: 'the sockets of nginx’s network namespace',
};

function title({ name, upstream, subject }: Judged): string {
  if (subject.is === 'nginx') return 'nginx itself';
  return subject.is === 'group' ? `upstream ${name}` : upstream === name ? name : `${name} (upstream ${upstream})`;
}

function placeOf({ subject }: Judged): string | null {
  const servers = subject.is === 'peer' ? [...subject.peer.servers, ...subject.peer.formerly] : [];
  const [first] = servers;
  return first === undefined ? null : `${first.file}:${first.line}`;
}

/** Harmless, indented, no wider than the terminal. */
function paragraph(text: string, lead: string, { width }: Terminal): readonly string[] {
  return wrapped(printable(text), lead, width);
}

function verdict(judged: Judged, at: number, facts: Facts, terminal: Terminal): readonly string[] {
  const finding = judged.findings[at];
  if (finding === undefined) return [];
  const { what, fix, next } = word(finding, judged, facts);
  const { paint } = terminal;
  const sureness = paint(colours[finding.sureness], finding.sureness);
  const label =
    finding.sureness === 'unknown' ? paint('cyan', 'unknown') : `${sureness} ${paint('bold', finding.code)}`;
  const sentence = paragraph(what, '    ', terminal);
  return [
    `  ${label}`,
    ...sentence,
    ...finding.evidence.flatMap((each) => paragraph(each, '    seen     ', terminal)),
    ...finding.rulesOut.flatMap((each) => paragraph(each, '    not      ', terminal)),
    ...paragraph(fix, '    fix      ', terminal),
    ...next.map((command, line) => `    ${line === 0 ? 'next     ' : '         '}${paint('green', command)}`),
  ];
}

function block(judged: Judged, { facts, nowMs }: Diagnosis, terminal: Terminal): readonly string[] {
  if (facts === null) return [];
  const place = placeOf(judged);
  const failures = [...judged.failures].map(([kind, each]) => failureText(kind, each, (ms) => localTime(ms, nowMs)));
  return [
    terminal.paint('bold', title(judged)) + (place === null ? '' : `  ${terminal.paint('dim', place)}`),
    ...failures.flatMap((each) => paragraph(each, '  ', terminal)),
    ...judged.findings.flatMap((_, at) => verdict(judged, at, facts, terminal)),
    '',
  ];
}

function healthy({ peer, sinceMs, diagnoses }: DiagnosisResult): string {
  const isPartly = diagnoses.some(({ logs }) => logs.unread.length > 0);
  const all = diagnoses.flatMap(({ read }) => read.configuration.upstreams.flatMap(({ servers }) => servers));
  const peers = new Set(all.flatMap((server) => server.peers)).size;
  const what =
    peer === null
      ? `no connection to an upstream failed (${plural(peers, 'peer')})`
      : `no connection to ${peer} failed`;
  return `Healthy${isPartly ? ', by the logs that were read' : ''}: ${what} in the last ${duration(sinceMs)}.`;
}

/** Somebody asks for a peer that is not there: a slip, or another nginx. */
function strangerNote({ peer, diagnoses }: DiagnosisResult): readonly string[] {
  const configured = diagnoses.flatMap(({ read }) => read.configuration.upstreams);
  const names = [...new Set(configured.flatMap(({ servers }) => servers.flatMap(({ peers }) => peers)))];
  if (peer === null || names.some((name) => isMeant(peer, name)) || configured.some(({ name }) => name === peer))
    return [];
  const more = names.length > 8 ? ` and ${names.length - 8} more` : '';
  return [`${peer} is no peer of nginx's configuration; these are: ${names.slice(0, 8).join(', ') || 'none'}${more}`];
}

/** What could not be seen, and what to do about it. */
function notes(result: DiagnosisResult, terminal: Terminal): readonly string[] {
  const { diagnoses, isRoot, problem } = result;
  const lines = diagnoses.flatMap(({ logs, strange, later, facts, nowMs, read }) => [
    ...logs.unread.map(({ log, reason }) => `not read: ${log}: ${reason}`),
    logs.sinceMs === null
      ? ''
      : `the log is long: only what was written since ${localTime(logs.sinceMs, nowMs)} was looked at`,
    strange === 0
      ? ''
      : `${plural(strange, 'line')} of the log not counted: written by no process of this nginx, so forged by a client, or another nginx's`,
    later === 0 || facts === null
      ? ''
      : `${plural(later, 'request')} failed after the connection was made (reset, no answer, bad answer): that is the application's business`,
    facts !== null && read.found.master === null
      ? `no nginx is seen to run with ${read.found.confPath}: its peers were looked at from this host's network namespace. If it runs in a container, put nsenter -t PID -n before the next commands; its PID on this host: pgrep -of 'nginx: master'`
      : '',
    ...(facts?.missing ?? []).map(
      (right) => `not seen${isRoot ? '' : ' by this user (root sees it)'}: ${missingTexts[right]}`,
    ),
  ]);
  const own = problem === null ? [] : [`${problem.path} is not valid: ${problem.text}`];
  return [...new Set([...own, ...strangerNote(result), ...lines.filter(Boolean)])].flatMap((each) =>
    paragraph(each, 'Note: ', terminal),
  );
}

/** The page about causes is not installed: the program has it. */
function explanation({ diagnoses, program }: DiagnosisResult): readonly string[] {
  const [first = 'unknown'] = diagnoses.flatMap(({ judged }) => judged.flatMap((each) => each.findings[0]?.code ?? []));
  return [
    'The next commands need root. More about a cause:',
    `  ${printable(shellWord(program))} diagnose --explain ${first}`,
  ];
}

/** Why silence proves nothing here; null when it does. */
export function obstacleOf({ read, logs }: Diagnosis): string | null {
  const { found, configuration, dumped } = read;
  if (configuration.files.length === 0 && !dumped) return `${found.confPath} cannot be read (see check)`;
  if (found.master === null && !dumped) return `no nginx runs with ${found.confPath}: systemctl status nginx`;
  return logs.read.length === 0 ? 'no error log of nginx could be read' : null;
}

/** Lines to print. */
export function renderDiagnosis(result: DiagnosisResult, terminal: Terminal): readonly string[] {
  const { diagnoses } = result;
  if (diagnoses.length === 0) {
    return [
      'No nginx runs here, and none is configured in a known place: name its main file in nginx-upstream.conf (see check).',
    ];
  }
  const blocks = diagnoses.flatMap((each) => each.judged.flatMap((judged) => block(judged, each, terminal)));
  const obstacles = diagnoses.map(obstacleOf);
  const more = notes(result, terminal);
  if (blocks.length > 0) return [...blocks, ...more, ...(more.length > 0 ? [''] : []), ...explanation(result)];
  if (!obstacles.includes(null)) return [printable(`Could not look: ${obstacles.join('; ')}.`), ...more];
  return [printable(healthy(result)), ...more];
}

function judgedJson(judged: Judged, facts: Facts, iso: (ms: number) => string): unknown {
  const failures = [...judged.failures].map(([kind, { count, firstMs, lastMs, errno }]) => ({
    kind,
    count,
    errno,
    first: iso(firstMs),
    last: iso(lastMs),
  }));
  return {
    subject: judged.subject.is,
    name: judged.name,
    upstream: judged.upstream || null,
    at: placeOf(judged),
    failures,
    verdicts: judged.findings.map((finding) => ({
      cause: finding.code,
      sureness: finding.sureness,
      ...word(finding, judged, facts),
      evidence: finding.evidence,
      rulesOut: finding.rulesOut,
    })),
  };
}

/** Times in UTC. */
export function toJson({ diagnoses, problem }: DiagnosisResult): unknown {
  const iso = (ms: number): string => new Date(ms).toISOString();
  return {
    nginx: diagnoses.map(({ job, read, logs, strange, facts, judged, later }) => ({
      job,
      configuration: read.found.confPath,
      pid: read.found.master?.pid ?? null,
      logs: { read: logs.read, unread: logs.unread, since: logs.sinceMs === null ? null : iso(logs.sinceMs) },
      failedLater: later,
      strange,
      missing: facts?.missing ?? [],
      failing: facts === null ? [] : judged.map((each) => judgedJson(each, facts, iso)),
    })),
    problem,
  };
}
