/** What every rule is given: one peer, and the kind of failure to explain. */
import type { Facts, KindFailures, NamespaceName, PeerFacts, TcpFacts } from '../facts/facts.ts';
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
