/** Failures, and connects that still wait, from before what listens now began to: a peer that was down and is back. Pure. */

import { duration, plural } from '../../../base/text.ts';
import { ended, type Finding, found, ofEnd } from '../../finding.ts';
import { isOlderThanListener, lasted, startedAt, succeededSince, type TcpCase, tookMeanwhile } from '../case.ts';
import { signs } from '../signs.ts';

/** A SYN is sent again after 1, 3, 7, 15, 31 and 63 s: so long a connect may not notice that its peer is back. */
const longestSynMs = 64_000;

/** Connects that waited from before fail at about the same moment. */
const apartFromMs = 2000;

/** When what listens now began to, as far as that is known; else 0. */
function beganAt(one: TcpCase): number {
  return Math.max(startedAt(one) ?? 0, one.peer.remembered?.sinceMs ?? 0);
}

/**
 * A connect that waits for ARP fails up to a second after its host is back, one that waits for an answer after nginx's
 * timeout: what fails just after something began to listen shows nothing of it.
 */
const settlesMs = 5000;

/** The lines are about the time before what listens now began to; a connect that waited has its line a minute later. */
export function isFromBefore(one: TcpCase): boolean {
  const { tcp, peer, failures } = one;
  if (tcp.serving.length === 0 || tcp.probe.is === 'silent' || peer.sockets.retried > 0) return false;
  if (isOlderThanListener(one)) return true;
  const ms = beganAt(one);
  if (ms === 0 || failsAnew(one, ms)) return false;
  // What fails again at the test connection, or at once (a route, a local address), is no wait from before.
  const isWait = failures.errno === 110 || failures.errno === 113;
  const failsStill = tcp.probe.is === 'unreachable' || tcp.probe.is === 'failed';
  const isSettling = failures.message !== '' && isWait && !failsStill && failures.lastMs < ms + settlesMs;
  return isSettling || (failures.lastMs < ms + longestSynMs && succeededSince(one));
}

/** It took connections first, and none while others failed: those that failed were asked of what listens now. */
function failsAnew(one: TcpCase, ms: number): boolean {
  const { firstMs } = one.failures;
  const takenBefore = (one.peer.answers?.takenMs ?? []).some((taken) => taken > ms && taken < firstMs);
  return takenBefore && lasted(one) >= apartFromMs && !tookMeanwhile(one);
}

/** Every connect that waits may have begun before that moment. One that is younger proves that the peer is silent now. */
function allMayBeOlder({ peer: { sockets }, facts }: TcpCase, ms: number): boolean {
  // What waited a moment ago has been answered since.
  if (sockets.retried === 0) return true;
  return sockets.youngestMs !== undefined && facts.nowMs - ms < sockets.youngestMs;
}

/** What waits began before what listens now: others have connected to it meanwhile, or nobody has tried yet. */
export function waitsFromBefore(one: TcpCase): Finding | null {
  const { tcp, peer, facts } = one;
  const ms = beganAt(one);
  const hasConnected = (peer.answers?.lastConnectedMs ?? 0) > ms;
  const isSince = ms > 0 && facts.nowMs - ms < longestSynMs && allMayBeOlder(one, ms);
  // A connection begun now gets no answer either: that is no wait from before.
  if (tcp.probe.is === 'silent') return null;
  if (!isSince || tcp.serving.length === 0 || one.failures.message !== '') return null;
  const since = hasConnected ? 'requests to it have succeeded since' : 'what waits for an answer may have begun before';
  const finding = found(
    'process_down',
    'likely',
    [
      signs.listens(tcp.serving),
      ofEnd(`it began ${duration(facts.nowMs - ms)} ago, and ${since}`),
      waitingText(one),
      'a connection that was begun before tries again up to 32 s later',
    ],
    hasConnected ? ['a firewall: others get through', 'an ongoing outage'] : [],
  );
  return hasConnected ? ended(finding) : finding;
}

export function waitingText({ peer: { sockets } }: TcpCase): string | null {
  if (sockets.retried === 0) return null;
  return `${plural(sockets.retried, 'connection')} of nginx ${sockets.retried === 1 ? 'waits' : 'wait'} for an answer now, the first packet was sent again`;
}
