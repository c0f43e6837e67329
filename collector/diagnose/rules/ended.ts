/** Verdicts that a running plugin gave while something failed: what ended is known by them. Pure. */
import { isObject, parseObject } from '../../base/json.ts';
import { type PeerCause, peerCauses, type Sureness } from '../../model.ts';
import type { Finding } from '../finding.ts';
import type { Judged } from './judge.ts';

/** One verdict as it is written down. */
export interface PastVerdict {
  readonly cause: PeerCause;
  readonly sureness: Sureness;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly evidence: readonly string[];
  readonly rulesOut: readonly string[];
}

export function pastVerdict({ findings: [finding], firstMs, lastMs }: Judged): PastVerdict | null {
  if (finding === undefined) return null;
  const { code, sureness, evidence, rulesOut } = finding;
  return { cause: code, sureness, firstMs, lastMs, evidence, rulesOut };
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
/** What was tried or measured at that moment says nothing of now. */
const ofThen = /^(?:not probed|test connection)/;
/** The last check of it may have been so long before its last failure; and logs have full seconds. */
const slackMs = 15_000;

const loopCalmMs = 60_000;

function isOfSame(judged: Judged, past: PastVerdict): boolean {
  return judged.lastMs <= past.lastMs + slackMs && judged.lastMs >= past.firstMs - slackMs;
}

const thenPrefix = 'while it failed: ';
/** Texts that name their time themselves. */
const isTimed = /\b(?:until|since|meanwhile|ago)\b/;

/** What was seen while it failed, and is not seen now: in the present tense it would contradict what is there. */
function seenThen(evidence: readonly string[], now: readonly string[]): readonly string[] {
  const isPlain = (each: string): boolean => now.includes(each) || isTimed.test(each) || each.startsWith(thenPrefix);
  return evidence.filter((each) => !ofThen.test(each)).map((each) => (isPlain(each) ? each : `${thenPrefix}${each}`));
}

/** What shows that it is over, as far as it was not seen while it failed. */
function sinceThen({ code, evidence }: Finding, then: readonly string[]): readonly string[] {
  const added = evidence.filter((each) => !then.includes(each) && !each.startsWith('something listened there until'));
  return momentary.has(code) ? added.filter((each) => ofThen.test(each) || /\bsince$/.test(each)) : added;
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
  const kept: Finding = {
    code: cause,
    sureness,
    evidence: [
      ...seenThen(evidence, finding.evidence),
      ...(isOver ? sinceThen(finding, evidence) : finding.evidence.filter((each) => ofThen.test(each))),
    ],
    rulesOut,
    isOver,
  };
  return { ...judged, findings: [kept], isOver };
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.length < 1000;
const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.filter(isText).slice(0, 12) : []);

function readVerdict(value: unknown): PastVerdict | null {
  if (!isObject(value)) return null;
  const { cause, sureness, firstMs, lastMs, evidence, rulesOut } = value;
  const known = peerCauses.find((each) => each === cause);
  const sure = (['certain', 'likely', 'unknown'] as const).find((each) => each === sureness);
  if (known === undefined || sure === undefined || typeof firstMs !== 'number' || typeof lastMs !== 'number')
    return null;
  return { cause: known, sureness: sure, firstMs, lastMs, evidence: texts(evidence), rulesOut: texts(rulesOut) };
}

/** What the plugin wrote down. Total: what is no such thing is forgotten, for another user writes the file. */
export function recallVerdicts(text: string): (name: string) => PastVerdict | null {
  const entries = parseObject(text) ?? {};
  return (name) => (Object.hasOwn(entries, name) ? readVerdict(entries[name]) : null);
}
