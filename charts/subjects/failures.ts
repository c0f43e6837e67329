import {
  connectKinds,
  failureKinds,
  jobAlertValues,
  peerAlertValues,
  peerKinds,
  upstreamAlertValues,
} from '../../collector/model.ts';
import { alertVariables, type JobChart, type PeerChart, rates, type UpstreamChart } from '../chart.ts';

/** What these charts have in common. */
const ofFailures = { units: 'failures/s', type: 'stacked', family: 'failures', module: 'error_log' } as const;

export const connectFailures: JobChart = {
  ...ofFailures,
  name: 'connect_failures',
  level: 'job',
  title: 'Failed connections to upstream peers, by reason',
  priority: 60000,
  dimensions: rates(connectKinds),
  read: (job) => job.connectFailures,
  variables: alertVariables(jobAlertValues),
};

export const upstreamFailures: UpstreamChart = {
  ...ofFailures,
  name: 'upstream_failures',
  level: 'upstream',
  title: 'Upstream failures by kind',
  priority: 60100,
  dimensions: rates(failureKinds),
  read: (upstream) => upstream.failures,
  variables: alertVariables(upstreamAlertValues),
  label: { name: 'failing', value: ({ failingLabel }) => failingLabel },
};

export const peerFailures: PeerChart = {
  ...ofFailures,
  name: 'peer_failures',
  level: 'peer',
  title: 'Peer failures by kind',
  priority: 60200,
  dimensions: rates(peerKinds),
  read: (peer) => peer.failures,
  variables: alertVariables(peerAlertValues),
  label: { name: 'cause', value: ({ causeLabel }) => causeLabel },
};
