import { type PeerState, peerStates } from '../../collector/model.ts';
import { gauges, type PeerChart, rates, type UpstreamChart, type Values } from '../chart.ts';

/** What these charts have in common. */
const ofHealth = { type: 'line', family: 'passive health', module: 'error_log' } as const;

const stateValues: Readonly<Record<PeerState, Values>> = {
  up: { up: 1, failing: 0, unavailable: 0 },
  failing: { up: 0, failing: 1, unavailable: 0 },
  unavailable: { up: 0, failing: 0, unavailable: 1 },
};

export const peerState: PeerChart = {
  ...ofHealth,
  name: 'peer_state',
  level: 'peer',
  title: 'Peer state in the passive health checks of nginx',
  units: 'state',
  priority: 60240,
  dimensions: gauges(peerStates),
  read: ({ health }) => health && stateValues[health.state],
};

export const upstreamPeers: UpstreamChart = {
  ...ofHealth,
  name: 'upstream_peers',
  level: 'upstream',
  title: 'Live and configured peers',
  units: 'peers',
  priority: 60140,
  dimensions: gauges(['live', 'configured']),
  read: ({ peers }) => peers && { ...peers },
};

export const peerTransitions: PeerChart = {
  ...ofHealth,
  name: 'peer_transitions',
  level: 'peer',
  title: 'Ejections and returns of the peer',
  units: 'events/s',
  priority: 60241,
  quiet: 'chart',
  dimensions: rates(['returned', 'ejected']),
  read: ({ health }) => (health === null ? null : health?.transitions),
};
