/** What a rule found. Which words describe the cause is the wording's business. */
import type { PeerCause, Sureness } from '../model.ts';

export interface Finding {
  readonly code: PeerCause;
  readonly sureness: Sureness;
  /** What was seen, one sentence each. */
  readonly evidence: readonly string[];
  /** What it cannot be, given what was seen. */
  readonly rulesOut: readonly string[];
  /** It ended, and something shows that it did. */
  readonly isOver: boolean;
}

export function found(
  code: PeerCause,
  sureness: Sureness,
  evidence: readonly (string | null)[],
  rulesOut: readonly (string | null)[] = [],
): Finding {
  const present = (text: string | null): text is string => text !== null;
  return { code, sureness, evidence: evidence.filter(present), rulesOut: rulesOut.filter(present), isOver: false };
}

/** The same of something that has ended. */
export function ended(finding: Finding): Finding {
  return { ...finding, isOver: true };
}
