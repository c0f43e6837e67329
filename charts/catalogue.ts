import type { Chart } from './chart.ts';
import { peerAttempts, reconciliation } from './subjects/attempts.ts';
import { accepts, activeConnections, connections, httpRequests, writingShare } from './subjects/connections.ts';
import { failingPeers } from './subjects/failing-peers.ts';
import { connectFailures, peerFailures, upstreamFailures } from './subjects/failures.ts';
import { peerState, peerTransitions, upstreamPeers } from './subjects/health.ts';
import { descriptorsUsed, workerConnectionsUsed, workerEvents, workers } from './subjects/limits.ts';
import { peerCause } from './subjects/peer-cause.ts';
import { peerTcpStates } from './subjects/peer-sockets.ts';
import { logBehind, logLines, pluginLoad, sources } from './subjects/plugin.ts';
import { clientOutcomes, requests } from './subjects/requests.ts';
import {
  connectTime,
  connectTimeBuckets,
  connectTimeMinute,
  peerConnectTime,
  peerResponseTime,
  requestTime,
  responseTime,
  responseTimeMinute,
} from './subjects/times.ts';

/** Every chart there is, in the order of the dashboard. */
export const catalogue: readonly Chart[] = [
  failingPeers,
  connectFailures,
  requests,
  requestTime,
  reconciliation,
  upstreamFailures,
  clientOutcomes,
  connectTime,
  connectTimeMinute,
  connectTimeBuckets,
  responseTime,
  responseTimeMinute,
  upstreamPeers,
  peerFailures,
  peerCause,
  peerAttempts,
  peerConnectTime,
  peerResponseTime,
  peerState,
  peerTransitions,
  connections,
  activeConnections,
  writingShare,
  accepts,
  httpRequests,
  workerConnectionsUsed,
  descriptorsUsed,
  workers,
  workerEvents,
  peerTcpStates,
  logLines,
  logBehind,
  sources,
  pluginLoad,
];
