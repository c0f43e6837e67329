/** What every rule is given: one peer, and the kind of failure to explain. */

import type { Facts, ListenerFact, NamespaceName, PeerFacts, Remembered, TcpFacts } from '../facts/facts.ts';
import type { KindFailures } from '../impact/traffic.ts';
import type { TimeText } from './signs.ts';

export interface Case {
  readonly peer: PeerFacts;
  readonly failures: KindFailures;
  readonly facts: Facts;
  readonly time: TimeText;
}

export interface TcpCase extends Case {
  readonly tcp: TcpFacts;
}

/** A restart takes seconds; what lasted longer was an outage. */
export const restartMs = 30_000;
/** Two checks, or two refusals, that far apart are not one restart. */
export const apartMs = 10_000;
/** What failed within this time continues, if nothing shows that it ended. */
export const recentMs = 5000;
/** Logs have full seconds. */
const slackMs = 500;
/** The kernel shows the time of boot in full seconds, and logs have no others. */
const startMs = 1500;
/** The plugin looks every few seconds while something fails. */
const seenMs = 2500;
/** A large application opens its port long after its process has started. */
const bootMs = 30_000;

/** What has the peer's address, or may have it. */
export function mayServe(tcp: TcpFacts | null): readonly ListenerFact[] {
  return tcp === null ? [] : [...tcp.serving, ...tcp.perhapsServing];
}

/** The peer's home when it is on this host, so that its sockets can be seen. */
export function visibleHome({ home }: TcpFacts): NamespaceName | null {
  return home === 'elsewhere' ? null : home;
}

/** The peer is in nginx's own network namespace: nothing but its firewall stands between them. */
export function isWithNginx({ tcp: { home }, facts: { nginx } }: Pick<TcpCase, 'tcp' | 'facts'>): boolean {
  if (home === null || home === 'elsewhere') return false;
  return home.is === (nginx.sharesNetwork ? 'host' : 'nginx');
}

export function lasted({ failures }: Case): number {
  return failures.lastMs - failures.firstMs;
}

/** For how long it refused at last: a time before, after which it took connections, was another one. */
export function downFor({ failures, peer: { answers } }: Case): number {
  const { lastMs, firstMs, bursts = [] } = failures;
  const taken = (answers?.takenMs ?? []).filter((ms) => ms < lastMs);
  const backMs = Math.max(Number.NEGATIVE_INFINITY, ...taken);
  const last = bursts.find((each) => each.firstMs >= backMs);
  return lastMs - (last === undefined || taken.length === 0 ? firstMs : Math.max(firstMs, last.firstMs));
}

export function sinceLast({ failures, facts }: Case): number {
  return facts.nowMs - failures.lastMs;
}

/** What listens now is what the plugin saw: the socket itself shows it, its process only where that was not noted. */
function isStillThere({ inode, owner }: Remembered, { serving }: TcpFacts): boolean {
  if (inode !== null) return serving.some((each) => each.inode === inode);
  const pid = owner?.pid ?? null;
  return pid === null || serving.some((each) => each.owner.pid === null || each.owner.pid === pid);
}

/** The plugin saw this very socket listen, and since when. */
function seenSince({ peer: { remembered }, tcp }: TcpCase): number | null {
  if (remembered?.listeningMs == null) return null;
  return isStillThere(remembered, tcp) ? (remembered.sinceMs ?? remembered.watchedSinceMs) : null;
}

/** When the process that listens now started; its port it opened later. */
export function startedAt({ tcp }: TcpCase): number | null {
  const started = tcp.serving.flatMap(({ startedMs }) => startedMs ?? []);
  return started.length === 0 ? null : Math.max(...started);
}

/** The last failure was before what listens now began to. */
export function isOlderThanListener(one: TcpCase): boolean {
  if (one.tcp.serving.length === 0) return false;
  const { lastMs } = one.failures;
  const began = one.peer.remembered?.sinceMs ?? null;
  if (seenSince(one) !== null && began !== null) return lastMs <= began + slackMs;
  const started = startedAt(one);
  return started !== null && lastMs <= started - startMs;
}

/** The plugin saw another socket listen, and not yet this one: it has begun to since. */
export function isNewListener({ peer: { remembered }, tcp: { serving } }: TcpCase): boolean {
  const inode = remembered?.inode ?? null;
  return inode !== null && serving.length > 0 && !serving.some((each) => each.inode === inode);
}

/** The plugin saw this very socket listen, before the first failure and all the while since. */
export function listenedThroughout(one: TcpCase): boolean {
  const seen = seenSince(one);
  return seen !== null && one.failures.firstMs > seen + seenMs;
}

/** It failed while this very socket listened. */
export function failedWhileListening(one: TcpCase): boolean {
  if (one.tcp.serving.length === 0) return false;
  const seen = seenSince(one);
  if (seen !== null) return one.failures.lastMs > seen + seenMs;
  const started = startedAt(one);
  return started !== null && one.failures.lastMs > started + bootMs;
}

/** The peer took connections after the last failure: the access log has them. */
export function succeededSince({ peer: { answers }, failures }: Case): boolean {
  return answers !== null && answers.lastConnectedMs > failures.lastMs;
}

/** The peer took connections after the last failure to connect, whatever came of them. */
export function connectedSince({ peer: { answers }, failures }: Case): boolean {
  return answers !== null && Math.max(answers.lastConnectedMs, answers.lastTakenMs ?? 0) > failures.lastMs;
}

/** It took connections in the middle of its failures: not all fail. */
export function tookMeanwhile({ peer: { answers }, failures: { firstMs, lastMs } }: Case): boolean {
  return (answers?.takenMs ?? []).some((ms) => ms > firstMs && ms < lastMs);
}

/** Requests to it have succeeded while others failed: not all do. */
export function succeedsMeanwhile({ peer: { answers }, failures }: Case): boolean {
  return answers !== null && answers.lastConnectedMs > failures.firstMs;
}

const justNowMs = 3000;

/** Requests to it succeed at this moment, while others fail. */
export function succeedsNow(one: Case): boolean {
  const { answers } = one.peer;
  return succeedsMeanwhile(one) && answers !== null && one.facts.nowMs - answers.lastConnectedMs < justNowMs;
}

/** It was seen to take connections at some time: a wrong port never does. */
export function everWorked({ peer: { answers, remembered } }: Case): boolean {
  return answers !== null || remembered?.listeningMs != null || remembered?.connectedMs != null;
}

/** A connect waits for its timeout before it is a failure: what succeeded since then may have been asked before. */
const overMs = 15_000;
const backMs = 3000;
/** Nobody asks any more: what failed so long ago is over as far as anybody can see. */
export const quietMs = 120_000;

/** Connections get an answer again, and none still waits. */
export function isThroughAgain(one: TcpCase): boolean {
  // A rule for nginx alone lets others through: where its requests are known, one of them has to succeed.
  const isKnown = one.peer.answers !== null && sinceLast(one) <= quietMs;
  const gets = connectedSince(one) || (one.tcp.probe.is === 'connected' && !isKnown);
  if (!gets || one.peer.sockets.retried > 0) return false;
  return sinceLast(one) > overMs || isBackAgain(one);
}

/** Workers that end may finish a request: only a while without a failure shows that the new ones do not fail. */
const reloadedMs = 10_000;

/** nginx took its configuration anew, and the peer has not failed since. */
export function endedByReload({ facts: { nginx, nowMs }, failures: { lastMs } }: Case): boolean {
  if (nginx.loadedMs === null) return false;
  return lastMs < nginx.loadedMs - 1000 || (lastMs < nginx.loadedMs + 2000 && nowMs - lastMs > reloadedMs);
}

/** Evidence of a peer that is in no configuration any more. */
export const takenOut = 'nginx was reloaded since, and no configuration has this peer any more';

/** All failed, and now all get through. */
function isBackAgain(one: TcpCase): boolean {
  const both = one.tcp.probe.is === 'connected' && connectedSince(one);
  // What a stopped process took into its queue and never answered is no success.
  const someSucceeded = tookMeanwhile(one) && !one.peer.failures.has('read_timeout');
  return both && !someSucceeded && sinceLast(one) > backMs;
}
