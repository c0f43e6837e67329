/** Verdicts that a running plugin gave while something failed: what ended is known by them. Pure. */
import { isObject, parseObject } from '../../base/json.ts';
import { type PeerCause, peerCauses, type Sureness } from '../../model.ts';
import { dated, type Finding, found, type Tense, type TensedSign, tensedSigns, tenses } from '../finding.ts';
import type { Judged } from './judge.ts';

/** One verdict as it is written down. */
export interface PastVerdict {
  readonly cause: PeerCause;
  readonly sureness: Sureness;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly evidence: readonly string[];
  /** One for each of `evidence`; fewer where an older version wrote it down. */
  readonly tenses: readonly Tense[];
  readonly rulesOut: readonly string[];
}

export function pastVerdict({ findings: [finding], firstMs, lastMs }: Judged): PastVerdict | null {
  if (finding === undefined) return null;
  const { code, sureness, evidence, tenses: each, rulesOut } = finding;
  return { cause: code, sureness, firstMs, lastMs, evidence, tenses: each, rulesOut };
}

/** Verdicts of which the evidence stays true when all that can be seen now is that it is over. */
const vague: ReadonlySet<PeerCause> = new Set(['restarting', 'process_down', 'no_answer']);
/**
 * Causes that are read from what can be seen at that moment: after a link, a route or a lost packet is back, the same lines
 * look like a rule that rejects, or like a wrong local address.
 */
const momentary: ReadonlySet<PeerCause> = new Set([
  'firewall_reject',
  'host_down',
  'no_route',
  'no_local_address',
  'hangs',
  'socket_denied',
]);
/** The last check of it may have been so long before its last failure; and logs have full seconds. */
const slackMs = 15_000;

const loopCalmMs = 60_000;

function isOfSame(judged: Judged, past: PastVerdict): boolean {
  return judged.lastMs <= past.lastMs + slackMs && judged.lastMs >= past.firstMs - slackMs;
}

const thenPrefix = 'while it failed: ';
/** What was seen while it failed, and is not seen now: in the present tense it would contradict what is there. */
function seenThen(then: readonly TensedSign[], now: readonly string[]): readonly TensedSign[] {
  return then
    .filter(({ tense }) => tense !== 'trial')
    .map((each) => (now.includes(each.text) || each.tense !== 'state' ? each : dated(`${thenPrefix}${each.text}`)));
}

/** What shows that it is over, as far as it was not seen while it failed. */
function sinceThen(finding: Finding, then: readonly string[]): readonly TensedSign[] {
  const added = tensedSigns(finding).filter(({ text, tense }) => !then.includes(text) && tense !== 'dated');
  return momentary.has(finding.code) ? added.filter(({ tense }) => tense !== 'state') : added;
}

/**
 * Where it is over, or nothing more can be known, what was found while it failed stands; a short refusal that was
 * judged while it lasted stays a restart.
 */
export function keepEnded(judged: Judged, past: PastVerdict | null, nowMs: number): Judged {
  const [finding] = judged.findings;
  if (past === null || finding === undefined || past.cause === 'unknown' || !isOfSame(judged, past)) return judged;
  const isUnknown = finding.code === 'unknown';
  if (!isUnknown && !(judged.isOver && (momentary.has(finding.code) || vague.has(finding.code)))) return judged;
  if (finding.code === 'restarting' && past.cause === 'process_down') return judged;
  const { cause, sureness, evidence, rulesOut } = past;
  const sinceMs = nowMs - judged.lastMs;
  // What comes and goes is back between two falls: only a while without one shows that it stays.
  const isOver = cause === 'crash_loop' ? sinceMs > loopCalmMs : judged.isOver || sinceMs > 15_000;
  const now = isOver ? sinceThen(finding, evidence) : tensedSigns(finding).filter(({ tense }) => tense === 'trial');
  const signs = [...seenThen(tensedSigns(past), finding.evidence), ...now];
  const kept: Finding = { ...found(cause, sureness, signs, rulesOut), isOver };
  return { ...judged, findings: [kept], isOver };
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.length < 1000;
const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.filter(isText).slice(0, 12) : []);

function readVerdict(value: unknown): PastVerdict | null {
  if (!isObject(value)) return null;
  const { cause, sureness, firstMs, lastMs, rulesOut } = value;
  const known = peerCauses.find((each) => each === cause);
  const sure = (['certain', 'likely', 'unknown'] as const).find((each) => each === sureness);
  if (known === undefined || sure === undefined || typeof firstMs !== 'number' || typeof lastMs !== 'number')
    return null;
  const evidence = texts(value['evidence']);
  const each = Array.isArray(value['tenses']) ? value['tenses'] : [];
  const of = evidence.map((_, at) => tenses.find((tense) => tense === each[at]) ?? 'state');
  return { cause: known, sureness: sure, firstMs, lastMs, evidence, tenses: of, rulesOut: texts(rulesOut) };
}

/** What the plugin wrote down. Total: what is no such thing is forgotten, for another user writes the file. */
export function recallVerdicts(text: string): (name: string) => PastVerdict | null {
  const entries = parseObject(text) ?? {};
  return (name) => (Object.hasOwn(entries, name) ? readVerdict(entries[name]) : null);
}
