import { attemptKinds } from '../../collector/model.ts';
import { gauges, type JobChart, type PeerChart, rates } from '../chart.ts';

export const peerAttempts: PeerChart = {
  name: 'peer_attempts',
  level: 'peer',
  title: 'Attempts at the peer',
  units: 'attempts/s',
  type: 'line',
  family: 'attempts',
  priority: 60210,
  module: 'access_log',
  dimensions: rates(attemptKinds),
  read: (peer) => peer.attempts,
};

export const reconciliation: JobChart = {
  name: 'reconciliation',
  level: 'job',
  title: 'Failed connects in the error log and the access log',
  units: 'failures',
  type: 'line',
  family: 'plugin',
  priority: 60940,
  module: 'access_log',
  dimensions: gauges(['error_log', 'difference', 'access_log']),
  read: ({ reconciliation: found }) =>
    found && { error_log: found.errorLog, access_log: found.accessLog, difference: found.difference },
};
