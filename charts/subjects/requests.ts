import { outcomes, requestClasses } from '../../collector/model.ts';
import { type JobChart, rates, type UpstreamChart } from '../chart.ts';

export const requests: JobChart = {
  name: 'requests',
  level: 'job',
  title: 'Client requests by status',
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
  title: 'Client results of requests to the upstream',
  units: 'requests/s',
  type: 'stacked',
  family: 'clients',
  priority: 60110,
  module: 'access_log',
  dimensions: rates(outcomes),
  read: (upstream) => upstream.outcomes,
};
