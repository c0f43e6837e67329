import { gauges, type JobChart, rates } from '../chart.ts';

/** The three states of clients. Writing includes the request that asks for stub_status. */
export const connections: JobChart = {
  name: 'connections',
  level: 'job',
  title: 'Client connections by state',
  units: 'connections',
  type: 'stacked',
  family: 'connections',
  priority: 60600,
  module: 'stub_status',
  dimensions: gauges(['reading', 'writing', 'waiting']),
  read: ({ connections: now }) => now && { reading: now.reading, writing: now.writing, waiting: now.waiting },
};

export const activeConnections: JobChart = {
  name: 'active_connections',
  level: 'job',
  title: 'Client connections',
  units: 'connections',
  type: 'line',
  family: 'connections',
  priority: 60610,
  module: 'stub_status',
  dimensions: gauges(['active']),
  read: ({ connections: now }) => now && { active: now.active },
};

/** One HTTP/2 connection may carry many requests, so writing may be more than active: then it is all of it. */
export const writingShare: JobChart = {
  name: 'writing_share',
  level: 'job',
  title: 'Share of client connections waiting for a response',
  units: '%',
  type: 'line',
  family: 'connections',
  priority: 60620,
  module: 'stub_status',
  dimensions: gauges(['writing'], 100),
  read: ({ connections: now }) =>
    now && { writing: now.active === 0 ? 0 : Math.min(1, now.writing / now.active) * 100 * 100 },
};

export const accepts: JobChart = {
  name: 'accepts',
  level: 'job',
  title: 'Client connections accepted, handled and dropped',
  units: 'connections/s',
  type: 'line',
  family: 'connections',
  priority: 60630,
  module: 'stub_status',
  dimensions: rates(['accepted', 'handled', 'dropped']),
  read: ({ connections: now }) => now && { accepted: now.accepted, handled: now.handled, dropped: now.dropped },
};

export const httpRequests: JobChart = {
  name: 'http_requests',
  level: 'job',
  title: 'Requests started',
  units: 'requests/s',
  type: 'line',
  family: 'connections',
  priority: 60640,
  module: 'stub_status',
  dimensions: rates(['requests']),
  read: ({ connections: now }) => now && { requests: now.requests },
};
