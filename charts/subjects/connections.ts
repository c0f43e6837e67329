import { gauges, type JobChart, rates } from '../chart.ts';

/** What these charts have in common. */
const ofClients = { level: 'job', family: 'connections', module: 'stub_status' } as const;

/** The three states of clients. Writing includes the request that asks for stub_status. */
export const connections: JobChart = {
  ...ofClients,
  name: 'connections',
  title: 'Client connections by state',
  units: 'connections',
  type: 'stacked',
  priority: 60600,
  dimensions: gauges(['writing', 'reading', 'waiting']),
  read: ({ connections: now }) => now && { reading: now.reading, writing: now.writing, waiting: now.waiting },
};

export const activeConnections: JobChart = {
  ...ofClients,
  name: 'active_connections',
  title: 'Client connections',
  units: 'connections',
  type: 'line',
  priority: 60610,
  dimensions: gauges(['active']),
  read: ({ connections: now }) => now && { active: now.active },
};

/** One HTTP/2 connection may carry many requests, so writing may be more than active: then it is all of them. */
export const writingShare: JobChart = {
  ...ofClients,
  name: 'writing_share',
  title: 'Share of client connections waiting for a response',
  units: '%',
  type: 'line',
  priority: 60620,
  dimensions: gauges(['writing'], 100),
  read: ({ connections: now }) =>
    now && { writing: now.active === 0 ? 0 : Math.min(1, now.writing / now.active) * 100 * 100 },
};

export const accepts: JobChart = {
  ...ofClients,
  name: 'accepts',
  title: 'Client connections accepted, handled and dropped',
  units: 'connections/s',
  type: 'line',
  priority: 60630,
  dimensions: rates(['accepted', 'dropped', 'handled']),
  read: ({ connections: now }) => now && { accepted: now.accepted, handled: now.handled, dropped: now.dropped },
};

export const httpRequests: JobChart = {
  ...ofClients,
  name: 'http_requests',
  title: 'Requests started',
  units: 'requests/s',
  type: 'line',
  priority: 60640,
  dimensions: rates(['requests']),
  read: ({ connections: now }) => now && { requests: now.requests },
};
