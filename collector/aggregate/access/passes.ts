import { type AccessFields, type AccessRecord, errorMakers, outcomes } from '../../model.ts';
import { places } from '../failures/tally.ts';
import type { UpstreamEvent, UpstreamWindow } from '../windows/upstream.ts';
import { type Fate, faultOf, hasFailed, makerOf, outcomeOf } from './attempts.ts';
import { increment, type UpstreamAccess } from './counters.ts';

/** The upstream that a pass of a request asked first: the pass counts there, once. */
export interface AskedUpstream {
  readonly upstream: UpstreamAccess;
  readonly window: UpstreamWindow;
}

const outcomeAt = places(outcomes);
const makerAt = places(errorMakers);

function notice({ window }: AskedUpstream, event: UpstreamEvent, second: number): void {
  if (second >= 0) window.add(event, second);
}

function countOutcome(upstream: UpstreamAccess, outcome: number): void {
  increment(upstream.outcomes, outcome);
  upstream.requests++;
}

/**
 * A pass before an internal redirect: whoever answered later, if everything failed, its upstream was replaced.
 *
 * @param count of its attempts
 * @param second asked for only when something failed
 */
export function countEarlierPass(asked: AskedUpstream, failures: number, count: number, second: () => number): void {
  const outcome = failures === 0 ? 'ok' : failures === count ? 'fallback' : 'masked';
  countOutcome(asked.upstream, outcomeAt[outcome]);
  if (outcome !== 'ok') notice(asked, outcome, second());
}

/** The last pass, by what the client got. `fate` is that of the very last attempt. */
export function countLastPass(
  asked: AskedUpstream,
  record: AccessRecord,
  fields: AccessFields,
  failures: number,
  fate: Fate,
  second: () => number,
): void {
  const outcome = outcomeOf(record, failures, hasFailed(record, record.attempts - 1, fate));
  if (outcome < 0) return;
  countOutcome(asked.upstream, outcome);
  if (outcome === outcomeAt.ok) return;
  const maker = makerOf(record, fate, fields);
  if (maker !== null) increment(asked.upstream.makers, makerAt[maker]);
  const isSaved = outcome === outcomeAt.masked || outcome === outcomeAt.fallback;
  const event = isSaved ? (outcomes[outcome] as 'masked' | 'fallback') : faultOf(record, fate, fields);
  if (event !== null) notice(asked, event, second());
}
