/** What `check` prints: one screen of what was found, then the findings. Pure. */

import { printable } from '../../base/printable.ts';
import { plural } from '../../base/text.ts';
import type { CheckFacts } from '../../discover/check/facts.ts';
import type { LogState } from '../../discover/check/log-state.ts';
import type { WordedFinding } from '../../discover/check/words/wording.ts';
import type { Addresses } from '../../discover/names.ts';
import type { AccessLog, ErrorLog, LogTarget, Upstream } from '../../nginx/types.ts';
import type { Inspected } from '../../runtime/findings.ts';
import { aligned } from '../table.ts';
import { type Terminal, wrapped } from '../terminal.ts';

/** A process that calls itself nginx, of a user who does not decide what the plugin reads. Nothing it says is shown. */
export interface Stranger {
  readonly pid: number;
  readonly user: string;
}

export interface CheckResult {
  readonly inspected: readonly Inspected[];
  readonly strangers: readonly Stranger[];
  readonly findings: readonly WordedFinding[];
  /** Who asks, if that is neither root nor the user of the plugin. */
  readonly askedBy: string | null;
}

/** More than this of one kind does not fit a screen; `--json` has all. */
const mostRows = 12;

const colours = { error: 'red', warning: 'yellow', notice: 'cyan' } as const;

function limited(rows: readonly string[]): readonly string[] {
  return rows.length <= mostRows ? rows : [...rows.slice(0, mostRows), `… and ${rows.length - mostRows} more`];
}

function targetText(target: LogTarget): string {
  switch (target.kind) {
    case 'file':
      return target.path;
    case 'syslog':
      return `syslog:${target.server}`;
    case 'stderr':
    case 'memory':
      return target.kind;
  }
}

function stateText(state: LogState): string {
  switch (state.is) {
    case 'stream':
      return `leads to ${state.target}`;
    case 'pattern':
      return 'one file per value';
    case 'replaced':
      return 'not read (see nginx-upstream.conf)';
    case 'syslog':
      return state.unix ? 'cannot be received' : 'by syslog';
    default:
      return state.is;
  }
}

function upstreamRows(upstream: Upstream, addresses: Addresses): readonly (readonly string[])[] {
  const kind = upstream.protocol === 'stream' ? ' (stream)' : '';
  const rows = upstream.servers.flatMap((server) => {
    const isOpen = server.lookup !== null && !addresses.has(server.lookup.host);
    const peers =
      server.peers.length > 0 ? server.peers : [`${server.address} (${isOpen ? 'no answer' : 'not resolved'})`];
    return peers.map((peer) => {
      const extras = [server.backup ? 'backup' : '', server.down ? 'down' : ''].filter(Boolean).join(' ');
      const limits = `max_fails=${server.maxFails} fail_timeout=${server.failTimeoutSeconds}s ${extras}`.trim();
      return [peer, limits, `${server.file}:${server.line}`];
    });
  });
  return rows.map((row, at) => [at === 0 ? `${upstream.name}${kind}` : '', ...row]);
}

function logRows({ errorLogs, accessLogs, configured }: CheckFacts): readonly (readonly string[])[] {
  const row = (use: string, log: ErrorLog | AccessLog, word: string, state: LogState): readonly string[] => [
    use,
    targetText(log.target),
    word,
    stateText(state),
  ];
  return [
    ...errorLogs.map(({ log, state }) => row('error', log, log.level, state)),
    ...accessLogs.map(({ log, state }) => row('access', log, log.formatName, state)),
    ...configured.map(({ use, spec, path, state }) => [
      use === 'error_log' ? 'error' : 'access',
      spec,
      'nginx-upstream.conf',
      path === null ? '' : stateText(state),
    ]),
  ];
}

function section(title: string, rows: readonly string[]): readonly string[] {
  return rows.length === 0 ? [`  ${title}: none`] : [`  ${title}`, ...limited(rows).map((row) => `    ${row}`)];
}

/** A row that is too long continues below itself, between two columns or words. */
function folded(row: string, width: number | null): readonly string[] {
  const [indent = ''] = /^ */.exec(row) ?? [];
  if (width === null || row.length <= width) return [row];
  const [first = '', ...rest] = wrapped(row.trimStart(), `${indent}  `, width);
  return [indent + first.trimStart(), ...rest].map((line) => line.trimEnd());
}

function describe({ job, facts }: Inspected, { paint, width }: Terminal): readonly string[] {
  const { found, configuration, dumped, addresses } = facts;
  const where = found.master?.container == null ? '' : ` in container ${found.master.container}`;
  const process = found.master === null ? 'not running' : `pid ${found.master.pid}${where}`;
  const files = configuration.files.length > 1 ? ` and ${configuration.files.length - 1} included files` : '';
  const [page] = configuration.statusPages;
  const undecided = configuration.undecided.map(({ text, file, line }) => `${text} (${file}:${line}): by request`);
  const rows = [
    `  configuration ${found.confPath}${files}${dumped ? ', from a dump' : ''}`,
    ...section('upstreams', [
      ...aligned(configuration.upstreams.flatMap((each) => upstreamRows(each, addresses))),
      ...undecided,
    ]),
    ...section('logs', aligned(logRows(facts))),
    `  status page: ${page === undefined ? 'none' : `${page.url}${page.obstacle === null ? '' : ` (${page.obstacle})`}`}`,
  ];
  return [
    paint('bold', `${found.version ?? 'nginx'}, ${process} (job ${job})`),
    ...rows.flatMap((row) => folded(printable(row), width)),
    '',
  ];
}

/** A sentence is wrapped; a command or a line of a configuration stays in one piece, to be copied. */
const isSentence = (line: string): boolean => /^[A-Z][a-z]*[ ;,]/.test(line);

/** Lines to paste are indented once; what is deeper is theirs, and YAML needs it. */
const pasted = (line: string): string => `    ${printable(line.replace(/^ {4}/, ''))}`;

function findingText(finding: WordedFinding, { paint, width }: Terminal): readonly string[] {
  const { code, severity, what, why, remedy } = finding;
  const begin = `${severity} ${code}:`;
  const [title = '', ...rest] = wrapped(`${begin} ${printable(what)}`, '', width === null ? null : width - 2);
  return [
    `${paint(colours[severity], severity)} ${paint('bold', code)}:${title.slice(begin.length)}`,
    ...rest.map((line) => `  ${line}`),
    ...wrapped(printable(why), '  ', width).map((line) => `  ${paint('dim', line.trimStart())}`),
    ...remedy
      .split('\n')
      .flatMap((line) => (isSentence(line) ? wrapped(printable(line), '    ', width) : pasted(line))),
    '',
  ];
}

const mostStrangers = 5;

function strangerText(strangers: readonly Stranger[], width: number | null): readonly string[] {
  if (strangers.length === 0) return [];
  const shown = strangers.slice(0, mostStrangers).map(({ pid, user }) => `pid ${pid} (${user})`);
  const more = strangers.length - shown.length;
  return [
    `Not followed, because any user can start a process that calls itself nginx: ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
    '  To follow one, name its main file in nginx-upstream.conf: jobs, nginx_conf',
    '',
  ].flatMap((line) => folded(printable(line), width));
}

const notNetdata = (user: string): string =>
  `This is what the user ${user} can read, not what Netdata can. Run it as root: sudo nginx-upstream check`;

/** Names and paths come from files and processes: all is made harmless. */
export function renderText({ inspected, strangers, findings, askedBy }: CheckResult, terminal: Terminal): string {
  const { paint, width } = terminal;
  const asWhom =
    askedBy === null ? [] : [...wrapped(notNetdata(askedBy), '', width).map((line) => paint('yellow', line)), ''];
  const found = [...inspected.flatMap((each) => describe(each, terminal)), ...strangerText(strangers, width)];
  const count = findings.length === 0 ? 'Nothing is missing.' : `${plural(findings.length, 'finding')}:`;
  const more = findings.flatMap((each) => findingText(each, terminal));
  return [...asWhom, ...found, count, ...(findings.length === 0 ? [] : ['', ...more])].join('\n').trimEnd();
}
