import type { AlertValues, ConfiguredPeer } from '../../model.ts';
import { createHourShare } from '../time/hour.ts';
import { createLatch } from '../time/latch.ts';
import { createSeconds, reach } from '../time/seconds.ts';

/**
 * What happened to an upstream, as its alerts see it. By the access log, per request and by its last attempt:
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
  /** What alerts read. To be called once per tick. */
  values(view: WindowView): AlertValues;
  /** After what the process before saw was put back: what was sustained then is so now. */
  replay(view: WindowView): void;
  readonly seconds: ReturnType<typeof createSeconds<UpstreamEvent>>;
}

/** How many happened between two ages in seconds. */
type Count = (youngest: number, oldest: number) => number;
type Sustained = 'lost' | 'fallback' | 'no_live' | 'unresolved';

/** An alert is held by what is a minute old, and was raised by what is another minute older. */
export const replayed = 119;

/** From where an upstream's or a peer's window is checked. */
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

/** How old, at most, the second of two checks may be. */
export const oldestBefore = (failTimeout: number): number => Math.min(reach - 1, Math.max(20, 2 * failTimeout) - 1);

export function createUpstreamWindow(): UpstreamWindow {
  const seconds = createSeconds(upstreamEvents);
  const hour = createHourShare();
  const latches = {
    lost: createLatch(),
    fallback: createLatch(),
    no_live: createLatch(),
    unresolved: createLatch(),
    masked: createLatch(),
    failed_after: createLatch(),
  };
  let worst = { count: 0, share: 0, inferred: 0 };

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

    values,

    replay(view) {
      for (let age = replayed; age > 0; age--) values({ ...view, second: view.second - age });
    },
  };

  /** A minute's count of what is seen in both looks, until a minute passes without it; else 0. */
  function sustained(event: Sustained, { nowSeconds, failTimeout }: WindowView, count: Count): number {
    const isSeen = count(0, nowSeconds - 1) > 0 && count(10, oldestBefore(failTimeout)) > 0;
    const lately = count(0, 59);
    return latches[event](isSeen, lately > 0) ? lately : 0;
  }

  /** The worst minute since requests began to fail after a connection was made. */
  function failing(view: WindowView): AlertValues {
    const { broke, inferred, requests } = failedAfter(view);
    const all: Count = (from, to) => broke(from, to) + inferred(from, to);
    const isSeen = all(0, view.nowSeconds - 1) > 0 && all(10, 59) > 0;
    const count = broke(0, 59);
    if (!latches.failed_after(isSeen, all(0, 59) > 0)) worst = { count: 0, share: 0, inferred: 0 };
    else {
      worst = {
        count: Math.max(worst.count, count),
        share: Math.max(
          worst.share,
          count === 0 ? 0 : Math.min(100, Math.round((100 * count) / Math.max(1, requests))),
        ),
        inferred: Math.max(worst.inferred, inferred(0, 59)),
      };
    }
    return {
      failed_after_sustained: worst.count,
      failed_after_share: worst.share,
      inferred_after_sustained: worst.inferred,
    };
  }

  function values(view: WindowView): AlertValues {
    const { second } = view;
    const counter =
      (kind: UpstreamEvent): Count =>
      (from, to) =>
        seconds.sum(kind, second, from, to);
    const [fallback, masked, noLive, unresolved] = [
      counter('fallback'),
      counter('masked'),
      counter('no_live'),
      counter('unresolved'),
    ];
    const lost: Count = (from, to) =>
      seconds.sum('lost', second, from, to) + seconds.sumBeside('unsure', ['connect', 'no_live'], second, from, to);
    const after = failing(view);
    const errors = lost(0, 59) + fallback(0, 59) + failedAfter(view).broke(0, 59);
    // Four looks of 20 seconds: with three, failures 21 seconds apart would do, and a rolling restart has them.
    const isHidden = errors === 0 && seconds.sum('connect', second, 0, 59) > 0;
    const isLong = [0, 20, 40, 60].every((from) => masked(from, from + 19) > 0);
    return {
      lost_sustained: sustained('lost', view, lost),
      fallback_sustained: sustained('fallback', view, fallback),
      no_live_sustained: sustained('no_live', view, noLive),
      unresolved_sustained: sustained('unresolved', view, unresolved),
      masked_sustained: latches.masked(isHidden && isLong, isHidden && masked(0, 59) > 0) ? masked(0, 59) : 0,
      ...after,
      client_errors_1m: errors,
      connects: seconds.sum('connected', second, 0, 9) > 0 ? 1 : 0,
      answers: seconds.sum('requests', second, 0, 9) > 0 ? 1 : 0,
    };
  }
}

/** Of each upstream's peers. */
export function longestFailTimeouts(peers: readonly ConfiguredPeer[]): ReadonlyMap<string, number> {
  const longest = new Map<string, number>();
  for (const { instance, failTimeoutSeconds } of peers)
    longest.set(instance, Math.max(longest.get(instance) ?? 0, failTimeoutSeconds));
  return longest;
}
