/** What the functions are given: a job's own words about its peers, and nothing that costs anything to find out. */

import type { Words } from '../diagnose/rules/subject.ts';
import type { JobSnapshot, PeerCause, Sureness } from '../model.ts';

/** Why a peer, a group or nginx itself fails, as the diagnosis that has already been made says. */
export interface Verdict {
  readonly is: 'peer' | 'group' | 'nginx';
  /** The peer, the upstream's name, or `nginx`. */
  readonly name: string;
  readonly cause: PeerCause;
  readonly sureness: Sureness;
  readonly evidence: readonly string[];
  readonly rulesOut: readonly string[];
  /** FILE:LINE of the `server` line; empty when it is in no configuration. */
  readonly place: string;
  /** With paths, units and processes of this host. Made when somebody asks. */
  words(): Words;
}

/** One job as it is at this tick. */
export interface JobNow {
  readonly snapshot: JobSnapshot;
  readonly verdicts: readonly Verdict[];
}

const severities = ['error', 'warning', 'notice'] as const;
type Severity = (typeof severities)[number];

/** The worst first; within a severity the order stays. */
export function bySeverity<F extends { readonly severity: Severity }>(findings: readonly F[]): readonly F[] {
  return [...findings].sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
}

/** One finding of `check`. */
export interface CheckFinding {
  readonly severity: Severity;
  readonly code: string;
  readonly subject: string;
  readonly what: string;
  readonly why: string;
  readonly remedy: string;
  /** FILE:LINE; empty where there is none. */
  readonly place: string;
}
