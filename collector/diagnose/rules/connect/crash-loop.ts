/** What does not stay up: it ended more than once, each time soon after it had begun. Pure. */

import type { Sureness } from '../../../model.ts';
import type { PeerFacts } from '../../facts/facts.ts';
import { dated, ended, type Finding, found } from '../../finding.ts';
import type { Burst, KindFailures } from '../../impact/traffic.ts';
import { listenedThroughout, restartMs, sinceLast, type TcpCase, visibleHome } from '../case.ts';
import { signs } from '../signs.ts';

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

/** One restart ends once; what ends again and again does not stay up. */
export function crashLoop(one: TcpCase): Finding | null {
  const { peer, tcp, facts, time } = one;
  const loop = endsInARow(peer, facts.nowMs);
  if (loop === null) return loopByLogs(one);
  // It ended twice and stays down: nobody starts it again.
  const isDown = tcp.serving.length + tcp.perhapsServing.length === 0;
  if (isDown && loop.sureness === 'likely' && facts.nowMs - (loop.ends.at(-1) ?? 0) > restartMs) return null;
  const [first = 0] = loop.ends;
  const finding = found(
    'crash_loop',
    loop.sureness,
    [
      dated(
        `what listens there ended ${loop.ends.length} times since ${time(first)}, most recently at ${time(loop.ends.at(-1) ?? first)}`,
      ),
      signs.lastListening(peer, time),
      signs.oom(peer),
      tcp.serving.length > 0 ? signs.listens(tcp.serving) : signs.nothingListens(tcp),
    ],
    ['a single restart: it ended more than once', 'a firewall: the refusals come and go with the process'],
  );
  return sinceLast(one) > 60_000 && tcp.serving.length > 0 ? ended(finding) : finding;
}

/** Another host's, or nobody has watched its sockets. */
function loopByLogs(one: TcpCase): Finding | null {
  const { peer, failures, facts, time } = one;
  const bursts = listenedThroughout(one) ? [] : burstsInTurn(failures, peer, facts.nowMs);
  if (bursts.length === 0) return null;
  const finding = found(
    'crash_loop',
    'likely',
    [
      dated(
        `it was refused ${bursts.length} times for some seconds, most recently from ${time(bursts.at(-1)?.firstMs ?? 0)} to ${time(bursts.at(-1)?.lastMs ?? 0)}, and took connections in between`,
      ),
      visibleHome(one.tcp) === null ? signs.away(one.tcp) : null,
      signs.probe(one.tcp.probe),
    ],
    ['a single restart: it was refused more than once'],
  );
  return sinceLast(one) > 60_000 ? ended(finding) : finding;
}
