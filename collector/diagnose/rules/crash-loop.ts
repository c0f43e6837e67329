/** What does not stay up: it ended more than once, each time soon after it had begun. Pure. */

import type { Sureness } from '../../model.ts';
import type { PeerFacts } from '../facts/facts.ts';

/** What stays up for longer was started again by somebody: two deploys are no loop. */
const staysUpMs = 60_000;
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
  if (row.length >= 2) return { ends: row, sureness: row.length > 2 ? 'certain' : 'likely' };
  return all.length > 2 ? { ends: all, sureness: 'likely' } : null;
}
