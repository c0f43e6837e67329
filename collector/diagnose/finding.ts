/** What a rule found. Which words describe the cause is the wording's business. */
import type { PeerCause } from '../model.ts';

/** `certain`: nothing else gives these facts. `likely`: something else could, and the evidence says what. */
export type Sureness = 'certain' | 'likely' | 'unknown';

export interface Finding {
  readonly code: PeerCause;
  readonly sureness: Sureness;
  /** What was seen, one sentence each. */
  readonly evidence: readonly string[];
  /** What it cannot be, given what was seen. */
  readonly rulesOut: readonly string[];
}

export function found(
  code: PeerCause,
  sureness: Sureness,
  evidence: readonly (string | null)[],
  rulesOut: readonly (string | null)[] = [],
): Finding {
  const present = (text: string | null): text is string => text !== null;
  return { code, sureness, evidence: evidence.filter(present), rulesOut: rulesOut.filter(present) };
}
