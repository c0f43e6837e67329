import { gauges, type JobChart, rates } from '../chart.ts';

export const logLines: JobChart = {
  name: 'log_lines',
  level: 'job',
  title: 'Log lines by what became of them',
  units: 'lines/s',
  type: 'line',
  family: 'plugin',
  priority: 60900,
  module: 'plugin',
  dimensions: rates(['read', 'unmatched', 'foreign', 'forged', 'overlong', 'lost']),
  read: (job) => ({ ...job.lines }),
};

export const logBehind: JobChart = {
  name: 'log_behind',
  level: 'job',
  title: 'Log bytes not read yet',
  units: 'bytes',
  type: 'area',
  family: 'plugin',
  priority: 60910,
  module: 'plugin',
  dimensions: gauges(['bytes']),
  read: (job) => ({ bytes: job.behindBytes }),
};

export const sources: JobChart = {
  name: 'sources',
  level: 'job',
  title: 'Log and status sources',
  units: 'sources',
  type: 'stacked',
  family: 'plugin',
  priority: 60920,
  module: 'plugin',
  dimensions: gauges(['ok', 'failing']),
  read: (job) => ({ ...job.sources }),
};

/** `cpu` is a share of one core; the total in microseconds grows by 1,000,000 a second at 100 %. */
export const pluginLoad: JobChart = {
  name: 'plugin_load',
  level: 'job',
  title: 'CPU and memory of the plugin',
  units: '% and MiB',
  type: 'line',
  family: 'plugin',
  priority: 60930,
  module: 'plugin',
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
