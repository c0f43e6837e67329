/** What the words about a finding are made of. */
import type { Severity } from './finding.ts';
import { keptOut, type Values } from './remedies.ts';

export interface Words {
  readonly severity: Severity;
  readonly what: string;
  readonly why: string;
  /** To be followed to the letter; lines to paste are indented. */
  readonly remedy: string;
}

export type Wording = (subject: string, values: Values, at: string) => Words;

export const error = (what: string, why: string, remedy: string): Words => ({ severity: 'error', what, why, remedy });
export const warning = (what: string, why: string, remedy: string): Words => ({
  severity: 'warning',
  what,
  why,
  remedy,
});
export const notice = (what: string, why: string, remedy: string): Words => ({ severity: 'notice', what, why, remedy });

export function configuredStates(values: Values): string {
  const { state = '', who = '' } = values;
  if (state === 'missing') return 'does not exist';
  if (state === 'unreadable') return `cannot be read by the user ${who}${keptOut(values)}`;
  return state === 'discarded' ? 'holds nothing, ever' : `is no file (${state})`;
}
