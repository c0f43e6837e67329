import { gauges, type JobChart, type Reading, rates } from '../chart.ts';

/** Shares are told in hundredths of a percent. */
const precision = 100;

function share(percent: number | null | undefined): Reading {
  return typeof percent === 'number' ? { used: percent * precision } : percent;
}

export const workerConnectionsUsed: JobChart = {
  name: 'worker_connections_used',
  level: 'job',
  title: 'Estimated use of worker_connections',
  units: '%',
  type: 'line',
  family: 'limits',
  priority: 60700,
  module: 'stub_status',
  dimensions: gauges(['used'], precision),
  read: (job) => share(job.workerConnectionsUsed),
};

export const descriptorsUsed: JobChart = {
  name: 'descriptors_used',
  level: 'job',
  title: 'File descriptors in use by the fullest worker',
  units: '%',
  type: 'line',
  family: 'limits',
  priority: 60710,
  module: 'proc',
  dimensions: gauges(['used'], precision),
  read: (job) => share(job.descriptorsUsed),
};

export const workers: JobChart = {
  name: 'workers',
  level: 'job',
  title: 'Worker processes',
  units: 'processes',
  type: 'line',
  family: 'limits',
  priority: 60720,
  module: 'proc',
  dimensions: gauges(['running', 'configured', 'shutting_down']),
  read: ({ workers: now }) =>
    now && {
      running: now.running,
      ...(now.configured === null ? {} : { configured: now.configured }),
      shutting_down: now.shuttingDown,
    },
  variables: { listen_overflows: ({ listenOverflows }) => listenOverflows ?? undefined },
};

export const workerEvents: JobChart = {
  name: 'worker_events',
  level: 'job',
  title: 'Reloads and restarts',
  units: 'events/s',
  type: 'line',
  family: 'limits',
  priority: 60730,
  module: 'proc',
  dimensions: rates(['reloads', 'restarts']),
  read: ({ workers: now }) => now && { reloads: now.reloads, restarts: now.restarts },
};
