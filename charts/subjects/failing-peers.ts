import type { FailingPeer } from '../../collector/model.ts';
import { type Dimension, type JobChart, rates } from '../chart.ts';
import { slugOf } from '../naming.ts';

/** An id may not be a number alone: dashboards sort those first, and the first is blue. */
const idOf = ({ upstream, peer }: FailingPeer): string => `p_${slugOf(`${upstream}_${peer}`, () => false)}`;

const nameOf = ({ upstream, peer }: FailingPeer): string => (upstream === peer ? peer : `${upstream} ${peer}`);

const dimensionOf = (peer: FailingPeer): Dimension => ({
  id: idOf(peer),
  name: nameOf(peer),
  algorithm: 'incremental',
});

/** First on the page: who fails. `none` keeps the place of the first colour, which is that of peace. */
export const failingPeers: JobChart = {
  name: 'failing_peers',
  level: 'job',
  title: 'Failing peers',
  units: 'failures/s',
  type: 'stacked',
  family: 'failing peers',
  priority: 59990,
  module: 'error_log',
  dimensions: rates(['none']),
  more: ({ failingPeers: failing = [] }) => failing.map(dimensionOf),
  read: ({ connectFailures, failingPeers: failing = [] }) =>
    connectFailures === null
      ? null
      : { none: 0, ...Object.fromEntries(failing.map((peer) => [idOf(peer), peer.failures])) },
};
