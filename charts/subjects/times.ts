import {
  type Buckets,
  connectTimeBounds,
  type JobSnapshot,
  type MinutePercentiles,
  type PeerSnapshot,
  type Percentiles,
  type UpstreamSnapshot,
} from '../../collector/model.ts';
import {
  type Dimension,
  gauges,
  type JobChart,
  type PeerChart,
  type Reading,
  rates,
  type UpstreamChart,
} from '../chart.ts';

const inMilliseconds = { units: 'ms', type: 'line', module: 'access_log' } as const;
const ofConnecting = { ...inMilliseconds, family: 'connect time' } as const;
const ofResponses = { ...inMilliseconds, family: 'response time' } as const;

type Times<Of> = (of: Of) => Percentiles | null | undefined;

/**
 * Percentiles do not add up: on a parent node read the `max` of them, never their average. The buckets do.
 */
const wideGauges = gauges(['p50', 'p90', 'p95', 'p99', 'max']);
const narrowGauges = gauges(['p50', 'p95', 'p99', 'max']);
/** The count is for alerts (`$count`): drawn among milliseconds it would make flat lines of them. */
const minuteGauges: readonly Dimension[] = [...wideGauges, { id: 'count', algorithm: 'absolute', hidden: true }];

const readWide = (of: Percentiles | null | undefined): Reading =>
  of && { p50: of.p50, p90: of.p90, p95: of.p95, p99: of.p99, max: of.max };

const readNarrow = (of: Percentiles | null | undefined): Reading =>
  of && { p50: of.p50, p95: of.p95, p99: of.p99, max: of.max };

const wide = (times: Times<UpstreamSnapshot>) =>
  ({ level: 'upstream', dimensions: wideGauges, read: (of: UpstreamSnapshot) => readWide(times(of)) }) as const;

const narrow = <Of>(times: Times<Of>) => ({ dimensions: narrowGauges, read: (of: Of) => readNarrow(times(of)) });

/** Without a sample only the count is drawn, 0: the percentiles have a gap. */
const lastMinute = (times: (of: UpstreamSnapshot) => MinutePercentiles | null | undefined) =>
  ({
    level: 'upstream',
    dimensions: minuteGauges,
    read(of: UpstreamSnapshot): Reading {
      const found = times(of);
      return found && { ...found };
    },
  }) as const;

export const connectTime: UpstreamChart = {
  ...ofConnecting,
  name: 'connect_time',
  title: 'Time to connect, TLS included',
  priority: 60120,
  ...wide((upstream) => upstream.connectTime),
};

export const connectTimeMinute: UpstreamChart = {
  ...ofConnecting,
  name: 'connect_time_1m',
  title: 'Time to connect over the last 60 seconds',
  priority: 60121,
  ...lastMinute((upstream) => upstream.connectTimeMinute),
};

/** Bare upper bounds as names, as Netdata's own collectors write histograms. */
const bucketIds: readonly string[] = [...connectTimeBounds.map(String), '+Inf'];
const bucketDimensions: readonly Dimension[] = rates(bucketIds);

/**
 * The largest bound first: names that are numbers are kept by V8 in an array with that many places, unless the first is
 * so far out that it takes a table (24 KB less garbage per upstream and tick).
 */
function readBuckets(of: Buckets | null | undefined): Reading {
  if (!of) return of;
  const values: Record<string, number> = {};
  for (let i = bucketIds.length - 1; i >= 0; i--) values[bucketIds[i] as string] = of.counts[i] ?? 0;
  return values;
}

export const connectTimeBuckets: UpstreamChart = {
  name: 'connect_time_buckets',
  level: 'upstream',
  title: 'Connections by connect time (upper bounds in ms)',
  units: 'connections/s',
  type: 'heatmap',
  family: 'connect time',
  priority: 60122,
  module: 'access_log',
  dimensions: bucketDimensions,
  read: (upstream) => readBuckets(upstream.connectTimes),
};

export const responseTime: UpstreamChart = {
  ...ofResponses,
  name: 'response_time',
  title: 'Response time of the upstream',
  priority: 60130,
  ...wide((upstream) => upstream.responseTime),
};

export const responseTimeMinute: UpstreamChart = {
  ...ofResponses,
  name: 'response_time_1m',
  title: 'Response time over the last 60 seconds',
  priority: 60131,
  ...lastMinute((upstream) => upstream.responseTimeMinute),
};

export const peerConnectTime: PeerChart = {
  ...ofConnecting,
  name: 'peer_connect_time',
  level: 'peer',
  title: 'Time to connect to the peer, TLS included',
  priority: 60220,
  ...narrow((peer: PeerSnapshot) => peer.connectTime),
};

export const peerResponseTime: PeerChart = {
  ...ofResponses,
  name: 'peer_response_time',
  level: 'peer',
  title: 'Response time of the peer',
  priority: 60230,
  ...narrow((peer: PeerSnapshot) => peer.responseTime),
};

export const requestTime: JobChart = {
  ...inMilliseconds,
  name: 'request_time',
  level: 'job',
  title: 'Request time as clients see it',
  family: 'clients',
  priority: 60020,
  ...narrow((job: JobSnapshot) => job.requestTime),
};
