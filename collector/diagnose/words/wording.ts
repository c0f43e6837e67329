/** The words for each cause: what it is, what to do about it, and what to type next. Each subject has its own file. */
import { duration } from '../../base/text.ts';
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

/** Causes whose own words say that it is over. */
const ownWordsOfEnd: ReadonlySet<PeerCause> = new Set(['process_down', 'restarting', 'ejected', 'stale_address']);

/** Errors of the application itself have their own last one, apart from what nginx calls a failure. */
function lastOf({ code }: Finding, { subject, lastMs }: Judged): number {
  const answers = subject.is === 'peer' ? subject.peer.answers : null;
  return code === 'application_error' && answers !== null ? answers.lastErrorMs : lastMs;
}

export function word(finding: Finding, judged: Judged, facts: Facts): Words {
  const words = wordings[finding.code](subjectOf(finding, judged, facts));
  if (!finding.isOver || ownWordsOfEnd.has(finding.code)) return words;
  const ago = duration(facts.nowMs - lastOf(finding, judged));
  return { ...words, what: `ended ${ago} ago: ${words.what}`, fix: `Nothing to do now. To prevent it: ${words.fix}` };
}
