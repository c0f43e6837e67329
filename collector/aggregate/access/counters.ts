import { type AttemptKind, attemptKinds, type Counts, connectTimeBounds, type Outcome, outcomes } from '../../model.ts';
import { createRecent } from '../failures/recent.ts';
import { createShown } from '../failures/tally.ts';
import { type Histogram, newHistogram } from './histogram.ts';
import { createSlidingMinute, type SlidingMinute } from './sliding.ts';

/** What access logs say of one peer: running totals, and the times of this tick. */
export interface PeerAccess {
  /** In the order of `attemptKinds`. */
  readonly attempts: Float64Array;
  readonly shownAttempts: () => Counts<AttemptKind>;
  /** Attempts of this tick that nginx takes as a sign of life. */
  answered: number;
  readonly connect: Histogram;
  readonly response: Histogram;
}

export interface UpstreamAccess {
  /** Attempts that never connected, running total, and what of it is recent. */
  connectFailed: number;
  readonly connectFailedRecently: ReturnType<typeof createRecent>;
  /** In the order of `outcomes`. */
  readonly outcomes: Float64Array;
  readonly shownOutcomes: () => Counts<Outcome>;
  readonly connect: Histogram;
  readonly response: Histogram;
  readonly connectMinute: SlidingMinute;
  readonly responseMinute: SlidingMinute;
  readonly connectTimes: BucketCounters;
}

export interface BucketCounters {
  /** One per bound, and one for what is above the last. */
  readonly counts: number[];
  sumMs: number;
  count: number;
}

export function newPeerAccess(): PeerAccess {
  const attempts = new Float64Array(attemptKinds.length);
  return {
    attempts,
    shownAttempts: createShown(attemptKinds, (i) => attempts[i] as number),
    answered: 0,
    connect: newHistogram(),
    response: newHistogram(),
  };
}

export function newUpstreamAccess(): UpstreamAccess {
  const counts = new Float64Array(outcomes.length);
  return {
    connectFailed: 0,
    connectFailedRecently: createRecent(),
    outcomes: counts,
    shownOutcomes: createShown(outcomes, (i) => counts[i] as number),
    connect: newHistogram(),
    response: newHistogram(),
    connectMinute: createSlidingMinute(),
    responseMinute: createSlidingMinute(),
    connectTimes: newBuckets(),
  };
}

export const newBuckets = (): BucketCounters => ({
  counts: [...connectTimeBounds, Number.POSITIVE_INFINITY].map(() => 0),
  sumMs: 0,
  count: 0,
});
