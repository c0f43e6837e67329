/** What every rule is given: one peer, and the kind of failure to explain. */

import type { Facts, NamespaceName, PeerFacts, TcpFacts } from '../facts/facts.ts';
import type { KindFailures } from '../facts/traffic.ts';
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
/** Two looks, or two refusals, that far apart are not one restart. */
export const apartMs = 10_000;
/** What failed within this time goes on, if nothing shows that it ended. */
export const recentMs = 5000;
/** Logs have whole seconds. */
const slackMs = 500;
/** A process opens its port a moment after it has started. */
const bootMs = 2500;

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

export function sinceLast({ failures, facts }: Case): number {
  return facts.nowMs - failures.lastMs;
}

/** Since when what listens now has been there; null where nothing says. */
function listeningSince({ peer, tcp }: TcpCase): number | null {
  const { remembered } = peer;
  const started = Math.max(...tcp.serving.map(({ startedMs }) => startedMs ?? Number.NEGATIVE_INFINITY));
  const seen = remembered?.sinceMs ?? (remembered?.listeningMs == null ? null : remembered.watchedSinceMs);
  if (tcp.serving.length === 0) return null;
  return Number.isFinite(started) ? Math.max(started, remembered?.sinceMs ?? started) : seen;
}

/** The last failure was before what listens now began to. */
export function isOlderThanListener(one: TcpCase): boolean {
  const since = listeningSince(one);
  return since !== null && one.failures.lastMs <= since + slackMs;
}

/** It failed while this very socket listened. */
export function failedWhileListening(one: TcpCase): boolean {
  const since = listeningSince(one);
  return since !== null && one.failures.lastMs > since + bootMs;
}

/** The peer took connections after the last failure: the access log has them. */
export function succeededSince({ peer: { answers }, failures }: Case): boolean {
  return answers !== null && answers.lastConnectedMs > failures.lastMs;
}

/** It was seen to take connections at some time: a wrong port never does. */
export function everWorked({ peer: { answers, remembered } }: Case): boolean {
  return answers !== null || remembered?.listeningMs != null || remembered?.connectedMs != null;
}
