import { connectKinds, failureKinds, peerKinds } from '../collector/model.ts';
import { type JobChart, type PeerChart, rates, type UpstreamChart } from './chart.ts';

export const connectFailures: JobChart = {
  name: 'connect_failures',
  level: 'job',
  title: 'Connections to upstream peers that were never made',
  units: 'failures/s',
  type: 'stacked',
  family: 'failures',
  priority: 60000,
  module: 'error_log',
  dimensions: rates(connectKinds),
  read: (job) => job.connectFailures,
};

export const upstreamFailures: UpstreamChart = {
  name: 'upstream_failures',
  level: 'upstream',
  title: 'Failures of the upstream, by kind',
  units: 'failures/s',
  type: 'stacked',
  family: 'failures',
  priority: 60100,
  module: 'error_log',
  dimensions: rates(failureKinds),
  read: (upstream) => upstream.failures,
};

export const peerFailures: PeerChart = {
  name: 'peer_failures',
  level: 'peer',
  title: 'Failures of the peer, by kind',
  units: 'failures/s',
  type: 'stacked',
  family: 'failures',
  priority: 60200,
  module: 'error_log',
  dimensions: rates(peerKinds),
  read: (peer) => peer.failures,
  variables: {
    attempts_known: ({ attempts }) => (attempts === undefined ? 0 : 1),
    server_502_1m: ({ serverBadGateways }) => serverBadGateways?.lastMinute,
    server_502_before: ({ serverBadGateways }) => serverBadGateways?.minuteBefore,
  },
};
