import { outcomes, requestClasses } from '../collector/model.ts';
import { type JobChart, rates, type UpstreamChart } from './chart.ts';

export const requests: JobChart = {
  name: 'requests',
  level: 'job',
  title: 'Requests of clients, by status',
  units: 'requests/s',
  type: 'stacked',
  family: 'clients',
  priority: 60010,
  module: 'access_log',
  dimensions: rates(requestClasses),
  read: (job) => job.requests,
};

export const clientOutcomes: UpstreamChart = {
  name: 'client_outcomes',
  level: 'upstream',
  title: 'What clients got of requests to the upstream; masked = an attempt failed and a retry hid it',
  units: 'requests/s',
  type: 'stacked',
  family: 'clients',
  priority: 60110,
  module: 'access_log',
  dimensions: rates(outcomes),
  read: (upstream) => upstream.outcomes,
  variables: {
    connect_failed_1m: ({ connectFailed }) => connectFailed?.lastMinute,
    connect_failed_before: ({ connectFailed }) => connectFailed?.minuteBefore,
  },
};
