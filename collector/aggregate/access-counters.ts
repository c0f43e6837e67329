import { type AttemptKind, attemptKinds, connectTimeBounds, type Outcome, outcomes } from '../model.ts';
import { type Histogram, newHistogram } from './histogram.ts';
import { createSlidingMinute, type SlidingMinute } from './sliding.ts';
import { type Tally, tally } from './tally.ts';

/** What access logs say of one peer: running totals, and the times of this tick. */
export interface PeerAccess {
  readonly attempts: Tally<AttemptKind>;
  readonly connect: Histogram;
  readonly response: Histogram;
}

export interface UpstreamAccess {
  readonly outcomes: Tally<Outcome>;
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
  attempts: tally(attemptKinds),
  connect: newHistogram(),
  response: newHistogram(),
});

export const newUpstreamAccess = (): UpstreamAccess => ({
  outcomes: tally(outcomes),
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
