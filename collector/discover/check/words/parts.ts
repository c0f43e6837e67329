/** What the words about a finding are made of. */
import type { Severity } from '../finding.ts';
import { keptOut, type RemedyValues } from './remedies.ts';

export interface FindingWords {
  readonly severity: Severity;
  readonly what: string;
  readonly why: string;
  /** To be followed to the letter; lines to paste are indented. */
  readonly remedy: string;
}

export type FindingWording = (subject: string, values: RemedyValues, at: string) => FindingWords;

export const error = (what: string, why: string, remedy: string): FindingWords => ({
  severity: 'error',
  what,
  why,
  remedy,
});
export const warning = (what: string, why: string, remedy: string): FindingWords => ({
  severity: 'warning',
  what,
  why,
  remedy,
});
export const notice = (what: string, why: string, remedy: string): FindingWords => ({
  severity: 'notice',
  what,
  why,
  remedy,
});

export function configuredStates(values: RemedyValues): string {
  const { state = '', who = '' } = values;
  if (state === 'missing') return 'does not exist';
  if (state === 'unreadable') return `cannot be read by the user ${who}${keptOut(values)}`;
  return state === 'discarded' ? 'is always empty' : `is not a file (${state})`;
}
