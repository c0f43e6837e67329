/** What `diagnose` prints: one block per failing peer, most important first. Pure. */

import { printable } from '../../base/printable.ts';
import { shellWord } from '../../base/shell-word.ts';
import type { Facts } from '../../diagnose/facts/facts.ts';
import type { Judged } from '../../diagnose/rules/judge.ts';
import { failureText } from '../../diagnose/rules/signs.ts';
import { word } from '../../diagnose/words/wording.ts';
import { localTime } from '../../system/clock.ts';
import type { Style, Terminal } from '../terminal.ts';
import type { Diagnosis, DiagnosisResult } from './diagnosis.ts';
import { healthy, noNginx, notes, obstacleOf, paragraph, strangerNote, unloaded } from './notes.ts';

const colours: Readonly<Record<'certain' | 'likely' | 'unknown', Style>> = {
  certain: 'red',
  likely: 'yellow',
  unknown: 'cyan',
};

function title({ name, upstream, subject }: Judged): string {
  if (subject.is === 'nginx') return 'nginx itself';
  if (subject.is === 'group') return `upstream ${name}`;
  // Upstreams that share a peer go by one name.
  const names = upstream.split('|').filter((each) => each !== name);
  if (names.length === 0) return name;
  return `${name} (upstream${names.length > 1 ? 's' : ''} ${names.join(', ')})`;
}

function placeOf({ subject }: Judged): string | null {
  const servers = subject.is === 'peer' ? [...subject.peer.servers, ...subject.peer.formerly] : [];
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

/** The page about causes is not installed: the program has it. */
function explanation({ diagnoses, program }: DiagnosisResult): readonly string[] {
  const [first = 'unknown'] = diagnoses.flatMap(({ judged }) => judged.flatMap((each) => each.findings[0]?.code ?? []));
  return [
    'The next commands need root. More about a cause:',
    `  ${printable(shellWord(program))} diagnose --explain ${first}`,
  ];
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
  if (blocks.length > 0) {
    return [
      ...noNginx(result, terminal),
      ...unloaded(result, terminal),
      ...blocks,
      ...more,
      ...(more.length > 0 ? [''] : []),
      ...explanation(result),
    ];
  }
  if (!obstacles.includes(null)) return [printable(`Could not look: ${obstacles.join('; ')}.`), ...more];
  const stranger = strangerNote(result);
  if (stranger !== null) return [...paragraph(`Could not look: ${stranger}`, '', terminal), ...more];
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
    nginx: diagnoses.map(({ job, read, logs, silent, strange, facts, judged, later, notLoaded }) => ({
      job,
      configuration: read.found.confPath,
      pid: read.found.master?.pid ?? null,
      notLoaded,
      logs: {
        read: logs.read,
        unread: [...logs.unread, ...silent.unread],
        since: logs.sinceMs === null ? null : iso(logs.sinceMs),
      },
      failedLater: [...later.values()].reduce((sum, count) => sum + count, 0),
      strange,
      missing: facts?.missing ?? [],
      failing: facts === null ? [] : judged.map((each) => judgedJson(each, facts, iso)),
    })),
    problem,
  };
}
