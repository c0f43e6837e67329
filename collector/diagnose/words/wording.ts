/** The words for each cause: what it is, what to do about it, and what to type next. Each subject has a file of its own. */
import type { PeerCause } from '../../model.ts';
import type { Facts } from '../facts/facts.ts';
import type { Finding } from '../finding.ts';
import type { Judged } from '../rules/judge.ts';
import { subjectOf, type Wording, type Words } from '../rules/subject.ts';
import { limitWords } from './limit.ts';
import { staleName, unresolvedNameWords } from './name.ts';
import { networkWords } from './network.ts';
import { processWords } from './process.ts';
import { serviceWords } from './service.ts';
import { socketWords } from './socket.ts';

const wordings: Readonly<Record<PeerCause, Wording>> = {
  ...processWords,
  ...networkWords,
  ...socketWords,
  ...limitWords,
  ...serviceWords,
  stale_address: staleName,
  unresolved: unresolvedNameWords,
};

export function word(finding: Finding, judged: Judged, facts: Facts): Words {
  return wordings[finding.code](subjectOf(finding, judged, facts));
}
