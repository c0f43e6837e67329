import { attemptKinds, connectTimeBounds, outcomes } from '../model.ts';
import { type Histogram, newHistogram } from './histogram.ts';
import { createRecent } from './recent.ts';
import { createSlidingMinute, type SlidingMinute } from './sliding.ts';

/** What access logs say of one peer: running totals, and the times of this tick. */
export interface PeerAccess {
  /** In the order of `attemptKinds`. */
  readonly attempts: Float64Array;
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

export const newPeerAccess = (): PeerAccess => ({
  attempts: new Float64Array(attemptKinds.length),
  answered: 0,
  connect: newHistogram(),
  response: newHistogram(),
});

export const newUpstreamAccess = (): UpstreamAccess => ({
  connectFailed: 0,
  connectFailedRecently: createRecent(),
  outcomes: new Float64Array(outcomes.length),
  connect: newHistogram(),
  response: newHistogram(),
  connectMinute: createSlidingMinute(),
  responseMinute: createSlidingMinute(),
  connectTimes: newBuckets(),
});

export const newBuckets = (): BucketCounters => ({
  counts: [...connectTimeBounds, Number.POSITIVE_INFINITY].map(() => 0),
  sumMs: 0,
  count: 0,
});
