import type { Chart } from './chart.ts';
import { connectFailures, peerFailures, upstreamFailures } from './failures.ts';
import { logBehind, logLines, pluginLoad, sources } from './plugin.ts';

/** Every chart there is, in the order of the dashboard. */
export const catalogue: readonly Chart[] = [
  connectFailures,
  upstreamFailures,
  peerFailures,
  logLines,
  logBehind,
  sources,
  pluginLoad,
];
