import type { AlertValues, ConfiguredPeer } from '../../model.ts';
import { createHourShare } from './hour.ts';
import { createSeconds, reach } from './seconds.ts';

/**
 * What happened to an upstream, as its alerts look at it. By the access log, per request and by its last attempt:
 * `lost` (a 5xx because no connection was made), `broke` (nginx's own 502 or 504 after a connection was made), `own` (the
 * application's), `broke_or_own` and `unsure` (a 502 or 504 of which the log_format does not say which of these),
 * `fallback`, `masked`, `connected`. By the error log: `connect` (a connection failed), `later` (one broke), `no_live`, `unresolved`.
 */
export const upstreamEvents = [
  'requests',
  'lost',
  'broke',
  'own',
  'broke_or_own',
  'unsure',
  'fallback',
  'masked',
  'connected',
  'connect',
  'later',
  'no_live',
  'unresolved',
] as const;
export type UpstreamEvent = (typeof upstreamEvents)[number];

export interface UpstreamWindow {
  add(event: UpstreamEvent, second: number, count?: number): void;
  /** What alerts read, now. `isCovered`: the access log has all its requests. */
  values(view: WindowView): AlertValues;
  readonly seconds: ReturnType<typeof createSeconds<UpstreamEvent>>;
}

/** From where an upstream's or a peer's window is looked at. */
export interface WindowView {
  /** Of the monotonic clock. */
  readonly second: number;
  /** "Now" is the last 5 seconds, or the last tick where that is longer. */
  readonly nowSeconds: number;
  /** The longest fail_timeout of its peers: a peer that nginx has ejected is tried that seldom. */
  readonly failTimeout: number;
  readonly isCovered: boolean;
}

/** The application's own 502 and 504 count when their share is that many times what is usual. */
const unusual = 2;

/** How old, at most, the second of two looks may be. */
export const oldestBefore = (failTimeout: number): number => Math.min(reach - 1, Math.max(20, 2 * failTimeout) - 1);

export function createUpstreamWindow(): UpstreamWindow {
  const seconds = createSeconds(upstreamEvents);
  const hour = createHourShare();

  /** 502 and 504 after a connection was made, that are not what this application always does. */
  function failedAfter({ second, isCovered }: WindowView) {
    const owned = (from: number, to: number): number =>
      seconds.sum('own', second, from, to) +
      seconds.sum('broke_or_own', second, from, to) -
      seconds.sumBeside('broke_or_own', ['later'], second, from, to);
    const own = owned(0, 59);
    const requests = seconds.sum('requests', second, 0, 59);
    const isUnusual = own > unusual * hour.usual(Math.floor(second / 60)) * requests;
    const broke = (from: number, to: number): number =>
      seconds.sum('broke', second, from, to) +
      seconds.sumBeside('broke_or_own', ['later'], second, from, to) +
      seconds.sumBeside('unsure', ['later'], second, from, to) +
      (isUnusual ? owned(from, to) : 0);
    const inferred = (from: number, to: number) => (isCovered ? 0 : seconds.sum('later', second, from, to));
    return { broke, inferred, requests };
  }

  return {
    seconds,
    add(event, second, count = 1) {
      seconds.add(event, second, count);
      if (event === 'requests') hour.add(Math.floor(second / 60), count, 0);
      else if (event === 'own' || event === 'broke_or_own') hour.add(Math.floor(second / 60), 0, count);
    },

    values(view) {
      const { second, nowSeconds, failTimeout } = view;
      const since = oldestBefore(failTimeout);
      const sum = (kind: UpstreamEvent, from: number, to: number) => seconds.sum(kind, second, from, to);
      const lost = (from: number, to: number) =>
        sum('lost', from, to) + seconds.sumBeside('unsure', ['connect', 'no_live'], second, from, to);
      const { broke, inferred, requests } = failedAfter(view);
      const after = broke(0, 59);
      const isNow = nowSeconds - 1;
      return {
        lost_5s: lost(0, isNow),
        lost_before: lost(10, since),
        lost_1m: lost(0, 59),
        fallback_5s: sum('fallback', 0, isNow),
        fallback_before: sum('fallback', 10, since),
        fallback_1m: sum('fallback', 0, 59),
        masked_20s: sum('masked', 0, 19),
        masked_40s: sum('masked', 20, 39),
        masked_60s: sum('masked', 40, 59),
        masked_80s: sum('masked', 60, 79),
        masked_1m: sum('masked', 0, 59),
        connect_failures_1m: sum('connect', 0, 59),
        client_errors_1m: lost(0, 59) + after + sum('fallback', 0, 59),
        no_live_5s: sum('no_live', 0, isNow),
        no_live_before: sum('no_live', 10, since),
        no_live_1m: sum('no_live', 0, 59),
        failed_after_5s: broke(0, isNow) + inferred(0, isNow),
        failed_after_before: broke(10, 59) + inferred(10, 59),
        failed_after_1m: after,
        inferred_after_1m: inferred(0, 59),
        // Told only where a share of it is asked for: it changes every second.
        requests_1m: after > 0 ? requests : 0,
        unresolved_5s: sum('unresolved', 0, isNow),
        unresolved_before: sum('unresolved', 10, since),
        unresolved_1m: sum('unresolved', 0, 59),
        connects: sum('connected', 0, 9) > 0 ? 1 : 0,
      };
    },
  };
}

/** Of each upstream's peers. */
export function longestFailTimeouts(peers: readonly ConfiguredPeer[]): ReadonlyMap<string, number> {
  const longest = new Map<string, number>();
  for (const { instance, failTimeoutSeconds } of peers)
    longest.set(instance, Math.max(longest.get(instance) ?? 0, failTimeoutSeconds));
  return longest;
}
