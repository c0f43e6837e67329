/** What does not stay up: it ended more than once, each time soon after it had begun. Pure. */

import type { Sureness } from '../../../model.ts';
import type { PeerFacts } from '../../facts/facts.ts';
import type { Burst, KindFailures } from '../../impact/traffic.ts';

/** What stays up for longer was started again by somebody: two deploys are no loop. */
const staysUpMs = 60_000;
/** Two alone may be a deploy that failed and the one that fixed it. */
const staysUpOnceMs = 30_000;
/** Whoever is restarted by systemd again and again may run for minutes in between. */
const windowMs = 300_000;

/** When it ended, the last times in a row; null where that is no loop. */
export function endsInARow(
  { remembered }: Pick<PeerFacts, 'remembered'>,
  nowMs: number,
): { readonly ends: readonly number[]; readonly sureness: Sureness } | null {
  const all = (remembered?.endedMs ?? []).filter((ms) => nowMs - ms < windowMs);
  const row: number[] = [];
  for (const ms of [...all].reverse()) {
    const [later] = row;
    if (later !== undefined && later - ms > staysUpMs) break;
    row.unshift(ms);
  }
  const [first = 0, second = 0] = row;
  if (row.length > 2 || (row.length === 2 && second - first <= staysUpOnceMs))
    return { ends: row, sureness: row.length > 2 ? 'certain' : 'likely' };
  return all.length > 2 ? { ends: all, sureness: 'likely' } : null;
}

/** One that is refused now and then is no process that comes and goes. */
const leastLongMs = 1000;
const leastBursts = 3;

/**
 * By the logs alone, where its sockets cannot be seen: refused for some seconds, then it took connections, then refused
 * again, at least three times. Empty where that is no loop.
 */
export function burstsInTurn(
  { bursts = [] }: KindFailures,
  { answers }: Pick<PeerFacts, 'answers'>,
  nowMs: number,
): readonly Burst[] {
  const taken = answers?.takenMs ?? [];
  const isTaken = (fromMs: number, toMs: number): boolean => taken.some((ms) => ms > fromMs && ms < toMs);
  const recent = bursts.filter(({ lastMs }) => nowMs - lastMs < windowMs);
  const isDown = ({ firstMs, lastMs, count }: Burst): boolean =>
    count > 1 && lastMs - firstMs >= leastLongMs && lastMs - firstMs <= staysUpMs && !isTaken(firstMs, lastMs);
  const isBack = (each: Burst, at: number): boolean => {
    const before = recent[at - 1];
    return before === undefined || (each.firstMs - before.lastMs <= staysUpMs && isTaken(before.lastMs, each.firstMs));
  };
  const isLoop = recent.length >= leastBursts && recent.every((each, at) => isDown(each) && isBack(each, at));
  return isLoop ? recent : [];
}
