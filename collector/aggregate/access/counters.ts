import {
  type AccessRecord,
  type AttemptKind,
  attemptKinds,
  type Counts,
  connectTimeBounds,
  type ErrorMaker,
  errorMakers,
  type Outcome,
  outcomes,
} from '../../model.ts';
import { createShown, places } from '../failures/tally.ts';
import type { Fate } from './attempts.ts';
import { type Histogram, newHistogram, record as recordTime } from './histogram.ts';
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
  /** Connections of this tick that were made. */
  connected: number;
  /** Requests of this tick. */
  requests: number;
  /** In the order of `outcomes`. */
  readonly outcomes: Float64Array;
  readonly shownOutcomes: () => Counts<Outcome>;
  /** In the order of `errorMakers`. */
  readonly makers: Float64Array;
  readonly shownMakers: () => Counts<ErrorMaker>;
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
  const makers = new Float64Array(errorMakers.length);
  return {
    connected: 0,
    requests: 0,
    outcomes: counts,
    shownOutcomes: createShown(outcomes, (i) => counts[i] as number),
    makers,
    shownMakers: createShown(errorMakers, (i) => makers[i] as number),
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

/** The times of attempt `i`, which connected. */
export function recordTimes(of: PeerAccess | UpstreamAccess, { connectMs, responseMs }: AccessRecord, i: number): void {
  const connected = connectMs[i] as number;
  const answered = responseMs[i] as number;
  if (connected >= 0) recordTime(of.connect, connected);
  if (answered >= 0) recordTime(of.response, answered);
}

/** Counts one attempt at a peer. */
export function countAttempt(peer: PeerAccess, fate: Fate, connectMs: number, status: number): void {
  const { attempts } = peer;
  if (fate === 'never_connected') increment(attempts, place.connect_failed);
  else {
    if (fate === 'connected') increment(attempts, connectMs === 0 ? place.reused : place.connected);
    if (isAnswer(fate, status)) peer.answered++;
    if (status === 502) increment(attempts, place.status_502);
    else if (status === 503) increment(attempts, place.status_503);
    else if (status === 504) increment(attempts, place.status_504);
  }
}

const place = places(attemptKinds);

export function increment(counts: Float64Array, at: number): void {
  counts[at] = (counts[at] as number) + 1;
}

/** Of a 5xx nobody knows whether nginx passed it on as a failure (proxy_next_upstream http_503); stream has no status. */
function isAnswer(fate: Fate, status: number): boolean {
  return status === -1 ? fate === 'connected' : status >= 100 && status < 500;
}
