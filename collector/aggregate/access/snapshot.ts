import {
  type AccessFields,
  type AttemptKind,
  attemptKinds,
  type Buckets,
  type Counts,
  connectTimeBounds,
  errorMakers,
  type MinutePercentiles,
  outcomes,
  type PeerSnapshot,
  type UpstreamSnapshot,
} from '../../model.ts';
import { tally } from '../failures/tally.ts';
import { type BucketCounters, newBuckets, type PeerAccess, type UpstreamAccess } from './counters.ts';
import { forEachRun, type Histogram, quantiles, reset } from './histogram.ts';
import type { SlidingMinute } from './sliding.ts';

/** What the access logs of a job can show, taken together. */
export type Measured = Omit<AccessFields, 'headerTime' | 'proxyHost' | 'method'>;

/** What all access logs of a job together can show. */
export function measuredBy(formats: readonly AccessFields[]): Measured {
  const some = (has: (fields: AccessFields) => boolean) => formats.some(has);
  return {
    status: some(({ status }) => status),
    requestTime: some(({ requestTime }) => requestTime),
    upstreams: some(({ upstreams }) => upstreams),
    peers: some(({ peers }) => peers),
    statuses: some(({ statuses }) => statuses),
    connectTime: some(({ connectTime }) => connectTime),
    responseTime: some(({ responseTime }) => responseTime),
  };
}

type PeerPart = Pick<PeerSnapshot, 'attempts' | 'connectTime' | 'responseTime'>;
type UpstreamPart = Pick<
  UpstreamSnapshot,
  | 'outcomes'
  | 'serverErrors'
  | 'connectTime'
  | 'responseTime'
  | 'connectTimeMinute'
  | 'responseTimeMinute'
  | 'connectTimes'
>;

/**
 * The access log's part of a peer's snapshot, and the end of its tick: times begin anew.
 *
 * @param fine false when an access log could not be read: everything is a gap
 */
export function takePeer(access: PeerAccess | null, measured: Measured, fine: boolean): PeerPart {
  const part: Writable<PeerPart> = {};
  if (measured.upstreams) part.attempts = fine ? knownAttempts(access, measured) : null;
  if (measured.connectTime) part.connectTime = fine && access ? quantiles(access.connect) : null;
  if (measured.responseTime) part.responseTime = fine && access ? quantiles(access.response) : null;
  if (access) {
    access.answered = 0;
    resetTimes(access);
  }
  return part;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const noAttempts = tally(attemptKinds);
const noOutcomes = tally(outcomes);
const noErrors = tally(errorMakers);

/** Only the kinds that the log_format can show: 0 would say that there was none. */
function knownAttempts(access: PeerAccess | null, { connectTime, statuses }: Measured): Partial<Counts<AttemptKind>> {
  const all = access?.shownAttempts() ?? noAttempts;
  if (connectTime && statuses) return all;
  const { connected, connect_failed, reused, status_502, status_503, status_504 } = all;
  return {
    ...(connectTime ? { connected, connect_failed, reused } : {}),
    ...(statuses ? { status_502, status_503, status_504 } : {}),
  };
}

/**
 * The access log's part of an upstream's snapshot, and the end of its tick.
 *
 * @param second the tick's time, full seconds of a monotonic clock
 */
export function takeUpstream(
  access: UpstreamAccess | null,
  measured: Measured,
  fine: boolean,
  second: number,
): UpstreamPart {
  if (access) {
    access.connectMinute.advance(second, access.connect);
    access.responseMinute.advance(second, access.response);
    fillBuckets(access.connectTimes, access.connect);
  }
  const part: UpstreamPart = {
    ...(measured.upstreams ? requestParts(access, fine) : {}),
    ...(measured.connectTime ? connectParts(access, fine) : {}),
    ...(measured.responseTime ? responseParts(access, fine) : {}),
  };
  if (access) resetTimes(access);
  return part;
}

const requestParts = (access: UpstreamAccess | null, fine: boolean): UpstreamPart => ({
  outcomes: fine ? (access?.shownOutcomes() ?? noOutcomes) : null,
  serverErrors: fine ? (access?.shownMakers() ?? noErrors) : null,
});

const connectParts = (access: UpstreamAccess | null, fine: boolean): UpstreamPart => ({
  connectTime: fine && access ? quantiles(access.connect) : null,
  connectTimeMinute: fine ? minute(access?.connectMinute) : null,
  connectTimes: fine ? buckets(access?.connectTimes ?? newBuckets()) : null,
});

const responseParts = (access: UpstreamAccess | null, fine: boolean): UpstreamPart => ({
  responseTime: fine && access ? quantiles(access.response) : null,
  responseTimeMinute: fine ? minute(access?.responseMinute) : null,
});

const minute = (sliding: SlidingMinute | undefined): MinutePercentiles => sliding?.quantiles() ?? { count: 0 };

const buckets = ({ counts, sumMs, count }: BucketCounters): Buckets => ({ counts: [...counts], sumMs, count });

function fillBuckets(into: BucketCounters, from: Histogram): void {
  into.sumMs += from.sum;
  into.count += from.count;
  let bucket = 0;
  forEachRun(from, (ms, times) => {
    while (bucket < connectTimeBounds.length && ms > (connectTimeBounds[bucket] as number)) bucket++;
    into.counts[bucket] = (into.counts[bucket] as number) + times;
  });
}

function resetTimes({ connect, response }: PeerAccess | UpstreamAccess): void {
  reset(connect);
  reset(response);
}
