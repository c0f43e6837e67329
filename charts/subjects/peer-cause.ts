import { peerCauses } from '../../collector/model.ts';
import { gauges, type PeerChart } from '../chart.ts';

/** Several causes may hold at once; all 0 while nothing fails. `diagnose` and docs/troubleshooting.md say more of each. */
export const peerCause: PeerChart = {
  name: 'peer_cause',
  level: 'peer',
  title: 'Cause of the peer failures',
  units: 'state',
  type: 'line',
  family: 'causes',
  priority: 60205,
  module: 'diagnose',
  quiet: 'dimensions',
  dimensions: gauges(peerCauses),
  read: ({ causes }) => causes,
};
