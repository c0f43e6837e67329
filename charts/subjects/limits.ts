import { gauges, type JobChart, type Reading, rates } from '../chart.ts';

/** What these charts have in common. */
const ofLimits = { level: 'job', type: 'line', family: 'limits' } as const;

/** Shares are sent in hundredths of a percent. */
const precision = 100;

function share(percent: number | null | undefined): Reading {
  return typeof percent === 'number' ? { used: percent * precision } : percent;
}

export const workerConnectionsUsed: JobChart = {
  ...ofLimits,
  name: 'worker_connections_used',
  title: 'Estimated use of worker_connections',
  units: '%',
  priority: 60700,
  module: 'stub_status',
  dimensions: gauges(['used'], precision),
  read: (job) => share(job.workerConnectionsUsed),
};

export const descriptorsUsed: JobChart = {
  ...ofLimits,
  name: 'descriptors_used',
  title: 'File descriptors in use by the fullest worker',
  units: '%',
  priority: 60710,
  module: 'proc',
  dimensions: gauges(['used'], precision),
  read: (job) => share(job.descriptorsUsed),
};

export const workers: JobChart = {
  ...ofLimits,
  name: 'workers',
  title: 'Worker processes',
  units: 'processes',
  priority: 60720,
  module: 'proc',
  dimensions: gauges(['running', 'shutting_down', 'configured']),
  read: ({ workers: now }) =>
    now && {
      running: now.running,
      ...(now.configured === null ? {} : { configured: now.configured }),
      shutting_down: now.shuttingDown,
    },
  variables: { listen_overflows: ({ listenOverflows }) => listenOverflows ?? undefined },
};

export const workerEvents: JobChart = {
  ...ofLimits,
  name: 'worker_events',
  title: 'Reloads and restarts',
  units: 'events/s',
  priority: 60730,
  module: 'proc',
  dimensions: rates(['reloads', 'restarts']),
  read: ({ workers: now }) => now && { reloads: now.reloads, restarts: now.restarts },
};
