/** What `diagnose` says besides the verdicts: that all is well, and what it could not see. Pure. */

import { printable } from '../../base/printable.ts';
import { duration, plural } from '../../base/text.ts';
import type { MissingRight } from '../../diagnose/facts/facts.ts';
import type { NginxFound } from '../../discover/find/find-nginx.ts';
import { localTime } from '../../system/clock.ts';
import { openNamesText } from '../../system/network/ask-names.ts';
import { type Terminal, wrapped } from '../terminal.ts';
import { type Diagnosis, type DiagnosisResult, isMeantPeer } from './diagnosis.ts';

const missingTexts: Readonly<Record<MissingRight, string>> = {
  socket_owner: "which process holds a socket (other users' /proc/PID/fd)",
  socket_folder: 'a folder on the way to a socket file',
  nginx_namespace: "the sockets of nginx's network namespace",
};

/** Harmless, indented, no wider than the terminal. */
export function paragraph(text: string, lead: string, { width }: Terminal): readonly string[] {
  return wrapped(printable(text), lead, width);
}

/** Said only with proof: logs read, no peer that fails, no client that gets an error. */
export function healthy({ peer, sinceMs, diagnoses }: DiagnosisResult): string {
  const isPartly = diagnoses.some(({ logs, silent }) => logs.unread.length + silent.unread.length > 0);
  const all = diagnoses.flatMap(({ read }) => read.configuration.upstreams.flatMap(({ servers }) => servers));
  const peers = new Set(all.flatMap((server) => server.peers)).size;
  const what = peer === null ? `no upstream failure (${plural(peers, 'peer')})` : `no failure of ${peer}`;
  const reads = diagnoses.some(({ impact }) => impact.read.length > 0);
  const clients = peer !== null || !reads ? '' : ', no client with a server error in the last minute';
  return `Healthy${isPartly ? ', by the logs that were read' : ''}: ${what} in the last ${duration(sinceMs)}${clients}.`;
}

/** Too soon for a verdict, and not healthy. */
export function hushedText({ peer, requests, silentMs }: Diagnosis['hushed'][number]): string {
  return `Nothing has failed yet, but ${peer} has answered nothing for ${duration(silentMs)}, and ${plural(requests, 'request')} ${requests === 1 ? 'waits' : 'wait'} for it: run diagnose again in 10 s.`;
}

/** Somebody asks for a peer that is not there: a slip, or another nginx. null where it is there. */
export function strangerNote({ peer, diagnoses }: DiagnosisResult): string | null {
  const configured = diagnoses.flatMap(({ read }) => read.configuration.upstreams);
  const names = [...new Set(configured.flatMap(({ servers }) => servers.flatMap(({ peers }) => peers)))];
  if (peer === null || names.some((name) => isMeantPeer(peer, name)) || configured.some(({ name }) => name === peer))
    return null;
  const more = names.length > 8 ? ` and ${names.length - 8} more` : '';
  return `${peer} is not a peer in nginx's configuration, which has: ${names.slice(0, 8).join(', ') || 'none'}${more}`;
}

function lookAfter({ lookAfter: command = 'systemctl status nginx' }: NginxFound): string {
  return command.replace(/ +# /, ', ');
}

/** The first thing to know, above what fails: a verdict about a peer is of little use without nginx. */
export function noNginx({ diagnoses }: DiagnosisResult, terminal: Terminal): readonly string[] {
  const without = diagnoses.filter(({ facts, read }) => facts !== null && read.found.master === null);
  if (without.length === 0) return [];
  const confs = [...new Set(without.map(({ read }) => read.found.confPath))].join(', ');
  const look = [...new Set(without.map(({ read }) => lookAfter(read.found)))].join('; ');
  const text = `nginx is not running (${confs}): ${look}. The findings below come from its log; its peers were checked from this host's network namespace`;
  return [...paragraph(text, '', terminal), ''];
}

/** What fails may have been fixed in the file already; and it may be that nginx would refuse the file. */
export function unloaded({ diagnoses }: DiagnosisResult, terminal: Terminal): readonly string[] {
  return diagnoses.flatMap(({ facts, notLoaded, read }) => {
    if (facts === null || read.found.master === null) return [];
    const { command } = facts.nginx;
    const [problem] = read.configuration.problems;
    const broken =
      problem && `${problem.file}:${problem.line}: ${problem.text}. nginx would refuse to reload: fix it first.`;
    const files = notLoaded.length > 3 ? [...notLoaded.slice(0, 3), `${notLoaded.length - 3} more`] : notLoaded;
    const changed = `${files.join(', ')}: changed after nginx loaded it. nginx still uses the old configuration; the lines named below are those of the new one.`;
    return [
      ...(broken === undefined ? [] : [...paragraph(broken, '', terminal), '']),
      ...(files.length === 0
        ? []
        : [
            ...paragraph(changed, '', terminal),
            terminal.paint('green', `  ${command} -t && ${command} -s reload`),
            '',
          ]),
    ];
  });
}

/** What could not be seen, and what to do about it. */
export function notes(result: DiagnosisResult, terminal: Terminal): readonly string[] {
  const { diagnoses, isRoot, problem } = result;
  const lines = diagnoses.flatMap((one) => [
    ...[...one.logs.unread, ...one.silent.unread].map(({ log, reason }) => `not read: ${log}: ${reason}`),
    openNamesText(one.openNames) ?? '',
    one.logs.sinceMs === null
      ? ''
      : `the log is long: only lines written since ${localTime(one.logs.sinceMs, one.nowMs)} was read`,
    one.strange === 0
      ? ''
      : `${plural(one.strange, 'line')} of the log not counted: no process of this nginx wrote them, so a client forged them, or they are another nginx's`,
    ...(one.facts?.missing ?? []).map(
      (right) => `not seen${isRoot ? '' : ' by this user (root sees it)'}: ${missingTexts[right]}`,
    ),
  ]);
  const own = problem === null ? [] : [`${problem.path} is not valid: ${problem.text}`];
  return [...new Set([...own, ...lines.filter(Boolean)])].flatMap((each) => paragraph(each, 'Note: ', terminal));
}

/** Why silence proves nothing here; null when it does. */
export function obstacleOf({ read, logs, silent }: Diagnosis): string | null {
  const { found, configuration, dumped } = read;
  if (configuration.files.length === 0 && !dumped) return `${found.confPath} cannot be read (see check)`;
  if (found.master === null && !dumped) return `no nginx runs with ${found.confPath}: ${lookAfter(found)}`;
  if (silent.isAll && silent.unread.length > 0) return 'no error log that was read records refused connections';
  return silent.isAll || logs.read.length === 0 ? 'no error log of nginx could be read' : null;
}
