/** What a rule found. Which words describe the cause is the wording's business. */
import type { PeerCause, Sureness } from '../model.ts';

/**
 * What a sentence of evidence says later, when it is over: `state` is true at the check (present tense), `dated` names its
 * time or is of the past, `trial` is what was tried at the check, `end` shows that it is over.
 */
export const tenses = ['state', 'dated', 'trial', 'end'] as const;
export type Tense = (typeof tenses)[number];

/** A sentence of evidence; a mere string is a state. */
export type Sign = string | TensedSign;

export interface TensedSign {
  readonly text: string;
  readonly tense: Tense;
}

export interface Finding {
  readonly code: PeerCause;
  readonly sureness: Sureness;
  /** What was seen, one sentence each. */
  readonly evidence: readonly string[];
  /** One for each of `evidence`. */
  readonly tenses: readonly Tense[];
  /** What it cannot be, given what was seen. */
  readonly rulesOut: readonly string[];
  /** It ended, and something shows that it did. */
  readonly isOver: boolean;
}

export const dated = (text: string): TensedSign => ({ text, tense: 'dated' });
export const trial = (text: string): TensedSign => ({ text, tense: 'trial' });
export const ofEnd = (text: string): TensedSign => ({ text, tense: 'end' });

const textOf = (sign: Sign): string => (typeof sign === 'string' ? sign : sign.text);
const tenseOf = (sign: Sign): Tense => (typeof sign === 'string' ? 'state' : sign.tense);

export function found(
  code: PeerCause,
  sureness: Sureness,
  evidence: readonly (Sign | null)[],
  rulesOut: readonly (string | null)[] = [],
): Finding {
  const signs = evidence.filter((each): each is Sign => each !== null);
  return {
    code,
    sureness,
    evidence: signs.map(textOf),
    tenses: signs.map(tenseOf),
    rulesOut: rulesOut.filter((each): each is string => each !== null),
    isOver: false,
  };
}

/** The evidence of a finding, as it was given. */
export function tensedSigns({ evidence, tenses: each }: Pick<Finding, 'evidence' | 'tenses'>): readonly TensedSign[] {
  return evidence.map((text, at) => ({ text, tense: each[at] ?? 'state' }));
}

/** The same of something that has ended. */
export function ended(finding: Finding, ...signs: readonly Sign[]): Finding {
  return {
    ...finding,
    evidence: [...finding.evidence, ...signs.map(textOf)],
    tenses: [...finding.tenses, ...signs.map(tenseOf)],
    isOver: true,
  };
}
