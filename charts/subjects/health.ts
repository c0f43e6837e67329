import { type PeerState, peerStates } from '../../collector/model.ts';
import { gauges, type PeerChart, rates, type UpstreamChart, type Values } from '../chart.ts';

const stateValues: Readonly<Record<PeerState, Values>> = {
  up: { up: 1, failing: 0, unavailable: 0 },
  failing: { up: 0, failing: 1, unavailable: 0 },
  unavailable: { up: 0, failing: 0, unavailable: 1 },
};

export const peerState: PeerChart = {
  name: 'peer_state',
  level: 'peer',
  title: 'State of the peer in the passive checks of nginx',
  units: 'state',
  type: 'line',
  family: 'passive health',
  priority: 60240,
  module: 'error_log',
  dimensions: gauges(peerStates),
  read: ({ health }) => health && stateValues[health.state],
};

export const upstreamPeers: UpstreamChart = {
  name: 'upstream_peers',
  level: 'upstream',
  title: 'Live and configured peers',
  units: 'peers',
  type: 'line',
  family: 'passive health',
  priority: 60140,
  module: 'error_log',
  dimensions: gauges(['live', 'configured']),
  read: ({ peers }) => peers && { ...peers },
};

export const peerTransitions: PeerChart = {
  name: 'peer_transitions',
  level: 'peer',
  title: 'Ejections and returns of the peer',
  units: 'events/s',
  type: 'line',
  family: 'passive health',
  priority: 60241,
  module: 'error_log',
  quiet: 'chart',
  dimensions: rates(['ejected', 'returned']),
  read: ({ health }) => (health === null ? null : health?.transitions),
};
