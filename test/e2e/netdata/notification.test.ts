/** A notification that is really sent, by Netdata's own alarm-notify.sh and the custom sender of docs/alerts.md. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { senderConf } from '../../support/alerts/custom-sender.ts';
import { freePorts } from '../../support/network/ports.ts';
import { startTraffic } from '../../support/network/traffic.ts';
import { startNetdata } from '../../support/servers/netdata.ts';
import { startNginx } from '../../support/servers/nginx.ts';
import { tool } from '../../support/servers/packages.ts';
import { tempDir } from '../../support/temp.ts';

test('the first line says what, where and since when; the rest what to do', async () => {
  const { path: notify } = await tool('alarm-notify');
  const [front = 0, dead = 0] = await freePorts(2);
  const nginx = await startNginx({
    http: `upstream app { server 127.0.0.1:${dead}; } server { listen 127.0.0.1:${front}; location / { proxy_pass http://app; } }`,
  });
  const sent = join(tempDir('sent'), 'alerts.txt');
  const netdata = await startNetdata({
    plugin: { conf: `jobs:\n  - name: edge\n    nginx_conf: ${nginx.conf}\n` },
    health: 'alerts',
    hostname: 'web1',
    notify,
    files: {
      'health_alarm_notify.conf': senderConf(sent),
    },
  });
  await netdata.chart('nginx_upstream_edge.connect_failures');
  startTraffic(`http://127.0.0.1:${front}/`, 4);
  // The server's 502s rise, too: it may be critical as soon as it is raised.
  const text = await netdata.waitFor(() => readFileSync(sent, 'utf8'), 'the notification', 120_000);
  const [first, second] = text.split('\n');
  expect(first).toMatch(/^(WARNING|CRITICAL): refused on web1 since \d\d:\d\d:\d\d$/);
  expect(second).toContain(`nginx cannot connect to peer 127.0.0.1:${dead} of upstream app`);
  expect(second).toMatch(/Cause: [a-z ]+ \((certain|likely)\)/);
  expect(second).toContain('nginx-upstream diagnose --peer');
}, 180_000);
