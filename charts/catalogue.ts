import { peerAttempts, reconciliation } from './attempts.ts';
import type { Chart } from './chart.ts';
import { accepts, activeConnections, connections, httpRequests, writingShare } from './connections.ts';
import { failingPeers } from './failing-peers.ts';
import { connectFailures, peerFailures, upstreamFailures } from './failures.ts';
import { peerState, peerTransitions, upstreamPeers } from './health.ts';
import { descriptorsUsed, workerConnectionsUsed, workerEvents, workers } from './limits.ts';
import { peerCause } from './peer-cause.ts';
import { peerTcpStates } from './peer-sockets.ts';
import { logBehind, logLines, pluginLoad, sources } from './plugin.ts';
import { clientOutcomes, requests } from './requests.ts';
import {
  connectTime,
  connectTimeBuckets,
  connectTimeMinute,
  peerConnectTime,
  peerResponseTime,
  requestTime,
  responseTime,
  responseTimeMinute,
} from './times.ts';

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
