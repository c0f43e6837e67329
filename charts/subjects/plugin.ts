import { gauges, type JobChart, rates } from '../chart.ts';

/** What these charts have in common. */
const ofPlugin = { level: 'job', family: 'plugin', module: 'plugin' } as const;

export const logLines: JobChart = {
  ...ofPlugin,
  name: 'log_lines',
  title: 'Log lines by result',
  units: 'lines/s',
  type: 'line',
  priority: 60900,
  dimensions: rates(['read', 'unmatched', 'foreign', 'forged', 'overlong', 'lost']),
  read: (job) => ({ ...job.lines }),
};

export const logBehind: JobChart = {
  ...ofPlugin,
  name: 'log_behind',
  title: 'Log bytes not read yet',
  units: 'bytes',
  type: 'area',
  priority: 60910,
  dimensions: gauges(['bytes']),
  read: (job) => ({ bytes: job.behindBytes }),
};

export const sources: JobChart = {
  ...ofPlugin,
  name: 'sources',
  title: 'Log and status sources',
  units: 'sources',
  type: 'stacked',
  priority: 60920,
  dimensions: gauges(['ok', 'failing']),
  read: (job) => ({ ...job.sources }),
};

/** `cpu` is a share of one core; the total in microseconds grows by 1,000,000 a second at 100 %. */
export const pluginLoad: JobChart = {
  ...ofPlugin,
  name: 'plugin_load',
  title: 'CPU and memory of the plugin',
  units: '% and MiB',
  type: 'line',
  priority: 60930,
  dimensions: [
    { id: 'cpu', algorithm: 'incremental', divisor: 10_000 },
    { id: 'memory', algorithm: 'absolute', divisor: 1_048_576 },
  ],
  read: (job) => ({ cpu: job.load.cpuUs, memory: job.load.residentBytes }),
  variables: {
    late_ticks: ({ load }) => load.lateTicks,
    events_over_cap: ({ eventsOverCap }) => eventsOverCap,
  },
};
