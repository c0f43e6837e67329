/** What a real Netdata stores of the server's charts when nginx is stopped and started. */
import { expect, test } from 'vitest';
import { freePorts } from '../../support/network/ports.ts';
import { statuses } from '../../support/network/request.ts';
import { startNetdata } from '../../support/servers/netdata.ts';
import { startNginx } from '../../support/servers/nginx.ts';
import { atEnd } from '../../support/temp.ts';
import { waitUntil } from '../../support/wait.ts';

test('stored rates have no spike and nothing below zero over a restart of nginx, and a gap while it is down', {
  timeout: 240_000,
}, async () => {
  const [front = 0] = await freePorts(1);
  const http = `server { listen 127.0.0.1:${front}; location / { return 200 ok; access_log off; } location /s { stub_status; } }`;
  const nginx = await startNginx({ http, workers: 2 });
  const netdata = await startNetdata({
    plugin: {
      conf: `jobs:\n  - name: t\n    nginx_conf: ${nginx.conf}\n    error_log: ${nginx.errorLog}\n    stub_status: http://127.0.0.1:${front}/s\n`,
    },
  });
  for (const [name, dimensions] of [
    ['connections', ['reading', 'writing', 'waiting']],
    ['accepts', ['accepted', 'handled', 'dropped']],
    ['http_requests', ['requests']],
    ['worker_connections_used', ['used']],
    ['workers', ['running', 'configured', 'shutting_down']],
    ['worker_events', ['reloads', 'restarts']],
    ['descriptors_used', ['used']],
  ] as const) {
    await netdata.chart(`nginx_upstream_t.${name}`, dimensions, 30_000);
  }
  await waitUntil(async () => (await netdata.last('nginx_upstream_t.workers', 'running')) === 2, {
    what: 'two workers',
  });

  let sent = 0;
  const load = setInterval(() => {
    sent += 20;
    void statuses(`http://127.0.0.1:${front}/`, 20, 4);
  }, 200);
  atEnd(() => clearInterval(load));
  const stored = async (chart: string, dimension: string) => {
    const { rows } = await netdata.data(`nginx_upstream_t.${chart}`, { dimensions: dimension });
    return rows.map(({ values }) => values[dimension] ?? null);
  };
  const isLoad = (value: number | null) => (value ?? 0) > 20;
  await waitUntil(async () => (await stored('http_requests', 'requests')).some(isLoad), {
    what: 'the load to be stored',
    timeout: 40_000,
    hint: () => stored('http_requests', 'requests'),
  });
  clearInterval(load);

  await nginx.stop();
  const lastEntry = async (chart: string) => (await netdata.chart(`nginx_upstream_t.${chart}`)).last_entry;
  await waitUntil(async () => (await lastEntry('plugin_load')) - (await lastEntry('http_requests')) >= 4, {
    what: 'ticks without stub_status',
    timeout: 40_000,
  });
  await startNginx({ http, workers: 2 }, { prefix: nginx.prefix });
  await waitUntil(async () => (await netdata.sum('nginx_upstream_t.worker_events', 'restarts')) === 1, {
    what: 'one restart',
    timeout: 40_000,
  });

  const seconds = await waitUntil(
    async () => {
      const found = await stored('http_requests', 'requests');
      return found.slice(-2).every((value) => value !== null) && found.at(-1) !== undefined ? found : null;
    },
    { what: 'nginx to be back', timeout: 40_000 },
  );
  expect(seconds.lastIndexOf(null)).toBeGreaterThan(seconds.findIndex(isLoad));
  const requests = seconds.filter((value) => value !== null);
  expect(Math.min(...requests)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...requests)).toBeLessThanOrEqual(sent);
  expect(requests.at(-1)).toBeLessThan(10);
  expect(await netdata.sum('nginx_upstream_t.worker_events', 'reloads')).toBe(0);
});
