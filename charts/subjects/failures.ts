import {
  connectKinds,
  failureKinds,
  jobAlertValues,
  peerAlertValues,
  peerKinds,
  upstreamAlertValues,
} from '../../collector/model.ts';
import { alertVariables, type JobChart, type PeerChart, rates, type UpstreamChart } from '../chart.ts';

export const connectFailures: JobChart = {
  name: 'connect_failures',
  level: 'job',
  title: 'Failed connections to upstream peers, by reason',
  units: 'failures/s',
  type: 'stacked',
  family: 'failures',
  priority: 60000,
  module: 'error_log',
  dimensions: rates(connectKinds),
  read: (job) => job.connectFailures,
  variables: alertVariables(jobAlertValues),
};

export const upstreamFailures: UpstreamChart = {
  name: 'upstream_failures',
  level: 'upstream',
  title: 'Failures of the upstream by kind',
  units: 'failures/s',
  type: 'stacked',
  family: 'failures',
  priority: 60100,
  module: 'error_log',
  dimensions: rates(failureKinds),
  read: (upstream) => upstream.failures,
  variables: alertVariables(upstreamAlertValues),
  label: { name: 'failing', value: ({ failingLabel }) => failingLabel },
};

export const peerFailures: PeerChart = {
  name: 'peer_failures',
  level: 'peer',
  title: 'Failures of the peer by kind',
  units: 'failures/s',
  type: 'stacked',
  family: 'failures',
  priority: 60200,
  module: 'error_log',
  dimensions: rates(peerKinds),
  read: (peer) => peer.failures,
  variables: alertVariables(peerAlertValues),
  label: { name: 'cause', value: ({ causeLabel }) => causeLabel },
};
