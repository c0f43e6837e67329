/** A peer that leaves nginx's configuration: its charts are obsolete a minute later, those of the others stay. */
import { expect, test } from 'vitest';
import { freePorts } from '../../support/network/ports.ts';
import { startNginx } from '../../support/servers/nginx.ts';
import { startPlugin } from '../../support/servers/plugin.ts';
import { waitUntil } from '../../support/wait.ts';

test('a vanished peer becomes obsolete after a minute', async () => {
  const [front = 0, stays = 0, goes = 0] = await freePorts(3);
  const http = (...peers: number[]) => `
    upstream app { ${peers.map((port) => `server 127.0.0.1:${port};`).join(' ')} }
    server { listen 127.0.0.1:${front}; location / { proxy_pass http://app; } }`;
  const nginx = await startNginx({ http: http(stays, goes) });
  const plugin = startPlugin({ conf: `jobs:\n  - name: test\n    nginx_conf: ${nginx.conf}\n` });
  const chart = (port: number) => `nginx_upstream_test.peer_failures_app_127_0_0_1_${port}`;
  await plugin.chart(chart(goes));
  await nginx.reload({ http: http(stays) });
  const reloaded = Date.now();
  const isObsolete = (port: number) =>
    plugin.child
      .stdout()
      .split('\n')
      .some((line) => line.startsWith(`CHART ${chart(port)} `) && line.includes('obsolete'));
  await waitUntil(() => isObsolete(goes), { what: 'the charts to be obsolete', timeout: 120_000, interval: 500 });
  expect(Date.now() - reloaded).toBeGreaterThan(55_000);
  expect(isObsolete(stays)).toBe(false);
});
