/** What `diagnose` prints: one block per failing peer, most important first. Pure. */

import { joint } from '../../base/joint.ts';
import { printable } from '../../base/printable.ts';
import { shellWord } from '../../base/syntax/shell-word.ts';
import type { Facts, ServerFact } from '../../diagnose/facts/facts.ts';
import type { Judged } from '../../diagnose/rules/judge.ts';
import { failureText } from '../../diagnose/rules/signs.ts';
import { word } from '../../diagnose/words/wording.ts';
import { localTime } from '../../system/clock.ts';
import type { Style, Terminal } from '../terminal.ts';
import type { Diagnosis, DiagnosisResult } from './diagnosis.ts';
import { clientsHurt, clientsText, failsNow, headline } from './headline.ts';
import type { ClientCounts } from './impact.ts';
import { healthy, hushedText, noNginx, notes, obstacleOf, paragraph, strangerNote, unloaded } from './notes.ts';

const colours: Readonly<Record<'certain' | 'likely' | 'unknown', Style>> = {
  certain: 'red',
  likely: 'yellow',
  unknown: 'cyan',
};

function title({ name, upstream, subject }: Judged): string {
  if (subject.is === 'nginx') return 'nginx itself';
  if (subject.is === 'name') return `name ${name}${upstream === '' ? '' : ` (upstream ${upstream})`}`;
  if (subject.is === 'group') return `upstream ${name}`;
  // Upstreams that share a peer go by one name.
  const names = upstream.split(joint).filter((each) => each !== name);
  if (names.length === 0) return name;
  return `${name} (upstream${names.length > 1 ? 's' : ''} ${names.join(', ')})`;
}

function serversOf({ subject }: Judged): readonly ServerFact[] {
  if (subject.is === 'peer') return [...subject.peer.servers, ...subject.peer.formerly];
  return subject.is === 'name' ? subject.name.servers : [];
}

function placeOf(judged: Judged): string | null {
  const servers = serversOf(judged);
  const [first] = servers;
  return first === undefined ? null : `${first.file}:${first.line}`;
}

function verdict(judged: Judged, at: number, facts: Facts, terminal: Terminal): readonly string[] {
  const finding = judged.findings[at];
  if (finding === undefined) return [];
  const { what, fix, next } = word(finding, judged, facts);
  const { paint } = terminal;
  const sureness = paint(colours[finding.sureness], finding.sureness);
  const label =
    finding.sureness === 'unknown' ? paint('cyan', 'unknown') : `${sureness} ${paint('bold', finding.code)}`;
  const over = finding.isOver ? ' (ended)' : '';
  const sentence = paragraph(what, '    ', terminal);
  return [
    `  ${label}${over}`,
    ...sentence,
    ...finding.evidence.flatMap((each) => paragraph(each, '    evidence   ', terminal)),
    ...finding.rulesOut.flatMap((each) => paragraph(each, '    ruled out  ', terminal)),
    ...paragraph(fix, '    fix        ', terminal),
    ...next.map(
      (command, line) => `    ${line === 0 ? 'run        ' : '           '}${paint('green', printable(command))}`,
    ),
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

/** The page about causes is not installed: the program has it. */
function explanation({ diagnoses, program }: DiagnosisResult): readonly string[] {
  const [first = 'unknown'] = diagnoses.flatMap(({ judged }) => judged.flatMap((each) => each.findings[0]?.code ?? []));
  return [
    'The commands need root. More about a cause:',
    `  ${printable(shellWord(program))} diagnose --explain ${first}`,
  ];
}

const unexplained =
  'No upstream failed: nginx itself, or a location without an upstream, gave these answers (limit_req, return, a missing file). The access log shows which requests.';

/** Lines to print. */
export function renderDiagnosis(result: DiagnosisResult, terminal: Terminal): readonly string[] {
  const { diagnoses } = result;
  if (diagnoses.length === 0) {
    return [
      'No nginx is running here, and none is configured in a known place: name its main file in nginx-upstream.conf (see check).',
      ...notes(result, terminal),
    ];
  }
  const blocks = diagnoses.flatMap((each) => each.judged.flatMap((judged) => block(judged, each, terminal)));
  const obstacles = diagnoses.map(obstacleOf);
  const more = notes(result, terminal);
  const begin = diagnoses
    .filter((each) => obstacleOf(each) === null || each.judged.length > 0)
    .flatMap((each) => paragraph(headline(each, diagnoses.length === 1), '', terminal));
  const isHurt = result.peer === null && diagnoses.some(clientsHurt);
  if (blocks.length > 0) {
    return [
      ...begin.map((line) => terminal.paint(diagnoses.some(failsNow) || isHurt ? 'red' : 'green', line)),
      '',
      ...noNginx(result, terminal),
      ...unloaded(result, terminal),
      ...blocks,
      ...more,
      ...(more.length > 0 ? [''] : []),
      ...explanation(result),
    ];
  }
  if (!obstacles.includes(null)) {
    const clients = isHurt
      ? diagnoses.flatMap((each) => paragraph(`Clients: ${clientsText(each)}.`, '', terminal))
      : [];
    return [printable(`Could not check: ${obstacles.join('; ')}.`), ...clients, ...more];
  }
  const stranger = strangerNote(result);
  if (stranger !== null) return [...paragraph(`Could not check: ${stranger}`, '', terminal), ...more];
  if (isHurt) return [...begin, ...paragraph(unexplained, '', terminal), ...more];
  const waiting = diagnoses.flatMap(({ hushed }) => hushed);
  if (waiting.length > 0) return [...waiting.flatMap((each) => paragraph(hushedText(each), '', terminal)), ...more];
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
    over: judged.isOver,
    failures,
    verdicts: judged.findings.map((finding) => {
      const { what, fix, next } = word(finding, judged, facts);
      return {
        cause: finding.code,
        sureness: finding.sureness,
        over: finding.isOver,
        what,
        fix,
        run: next,
        evidence: finding.evidence,
        ruledOut: finding.rulesOut,
      };
    }),
  };
}

function countsJson({ requests, errors, hidden, substituted }: ClientCounts): unknown {
  return { requests, errors: Object.fromEntries(errors), hidden, substituted };
}

function impactJson({ impact }: Diagnosis): unknown {
  const { read, tellsUpstreams, server, upstreams } = impact;
  if (read.length === 0) return null;
  const each = Array.from(upstreams, ([upstream, counts]) => [upstream, countsJson(counts)]);
  return { logs: read, server: countsJson(server), upstreams: tellsUpstreams ? Object.fromEntries(each) : null };
}

/** Times in UTC. */
export function toJson({ diagnoses, problem }: DiagnosisResult): unknown {
  const iso = (ms: number): string => new Date(ms).toISOString();
  return {
    nginx: diagnoses.map((one) => ({
      job: one.job,
      configuration: one.read.found.confPath,
      pid: one.read.found.master?.pid ?? null,
      notLoaded: one.notLoaded,
      logs: {
        read: one.logs.read,
        unread: [...one.logs.unread, ...one.silent.unread],
        since: one.logs.sinceMs === null ? null : iso(one.logs.sinceMs),
      },
      lastMinute: impactJson(one),
      strange: one.strange,
      missing: one.facts?.missing ?? [],
      failing: one.judged.flatMap((each) => (one.facts === null ? [] : [judgedJson(each, one.facts, iso)])),
    })),
    problem,
  };
}
