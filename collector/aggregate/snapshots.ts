/** The snapshots of upstreams and peers: everything that is counted of one, at one tick. */
import type { PeerSnapshot, UpstreamSnapshot } from '../model.ts';
import { type Measured, takePeer, takeUpstream } from './access/snapshot.ts';
import type { PeerCounters, UpstreamCounters } from './failures/failures.ts';
import type { PassiveHealth } from './failures/passive-health.ts';
import type { SnapshotWays } from './steady.ts';
import type { WindowView } from './windows/upstream.ts';

/** What is the same for all of them in a tick. */
export interface TickFacts {
  readonly nowUs: number;
  /** Of windows. */
  readonly second: number;
  readonly measured: Measured;
  readonly errorLogsFine: boolean;
  readonly accessLogsFine: boolean;
  readonly viewOf: (upstream: string) => WindowView;
  readonly passive: Pick<PassiveHealth, 'peer' | 'upstream'>;
}

export function upstreamSnapshots(facts: TickFacts): SnapshotWays<UpstreamCounters, UpstreamSnapshot> {
  const { errorLogsFine, accessLogsFine, measured, passive, viewOf } = facts;
  const second = Math.round(facts.nowUs / 1e6);
  return {
    make: ({ upstream, origin, counters }) => ({
      upstream,
      origin,
      failures: errorLogsFine ? counters.shownFailures() : null,
      ...gapUnless(errorLogsFine, 'peers', passive.upstream(upstream)),
      ...takeUpstream(counters.access, measured, accessLogsFine, second),
      alerts: counters.window.values(viewOf(upstream)),
    }),
    isAtRest({ counters: { access, window } }) {
      const hasTimes = access !== null && !(access.connectMinute.isEmpty() && access.responseMinute.isEmpty());
      return !hasTimes && window.seconds.isEmpty(facts.second);
    },
  };
}

export function peerSnapshots(facts: TickFacts): SnapshotWays<PeerCounters, PeerSnapshot> {
  const { errorLogsFine, accessLogsFine, measured, passive, viewOf } = facts;
  return {
    make({ upstream, peer, origin, counters }) {
      const view = viewOf(upstream);
      return {
        upstream,
        peer,
        origin,
        failures: errorLogsFine ? counters.shownFailures() : null,
        ...gapUnless(errorLogsFine, 'health', passive.peer(upstream, peer)),
        ...takePeer(counters.access, measured, accessLogsFine),
        ...counters.servers.shown(facts.nowUs),
        timesOut: counters.window.timesOut(view),
        alerts: counters.window.values(view),
      };
    },
    isAtRest: ({ counters: { window, servers } }) => window.seconds.isEmpty(facts.second) && servers.isEmpty(),
  };
}

/** Nothing where there is nothing to measure. */
function gapUnless<K extends string, V>(
  known: boolean,
  key: K,
  value: V | undefined,
): { readonly [_ in K]?: V | null } {
  return (value === undefined ? {} : { [key]: known ? value : null }) as { readonly [_ in K]?: V | null };
}
