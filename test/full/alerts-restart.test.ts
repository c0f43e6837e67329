/** Netdata is restarted: what was fine before raises nothing, and what was failing is raised again. */
import { expect, test } from 'vitest';
import { attemptsFormat } from '../support/alert-world.ts';
import { watchAlerts } from '../support/alerts.ts';
import { startBackend } from '../support/backend.ts';
import { type Netdata, startNetdata } from '../support/netdata.ts';
import { startNginx } from '../support/nginx.ts';
import { freePorts } from '../support/ports.ts';
import { startTraffic } from '../support/traffic.ts';
import { sleep } from '../support/wait.ts';

test('Netdata is restarted while one upstream is fine and another refuses', async () => {
  const [front = 0, dead = 0] = await freePorts(2);
  const alive = await startBackend();
  const nginx = await startNginx({
    accessLog: [],
    http: `
      log_format attempts '${attemptsFormat}';
      access_log logs/access.log attempts;
      upstream fine { server ${alive.address}; }
      upstream gone { server 127.0.0.1:${dead}; }
      server {
        listen 127.0.0.1:${front};
        location /fine { proxy_pass http://fine; }
        location /gone { proxy_pass http://gone; }
      }`,
  });
  const begin = (dir?: string): Promise<Netdata> =>
    startNetdata({
      plugin: { conf: `jobs:\n  - name: edge\n    nginx_conf: ${nginx.conf}\n` },
      health: 'alerts',
      memory: 'dbengine',
      ...(dir === undefined ? {} : { dir }),
    });
  const first = await begin();
  for (const path of ['fine', 'gone']) startTraffic(`http://127.0.0.1:${front}/${path}`, 4);
  await first.waitForAlarm('nginx_upstream_clients_affected', 'CRITICAL', { timeout: 60_000 });
  await sleep(30_000);
  await first.stop();
  const watch = watchAlerts(await begin(first.dir));
  await watch.raised('clients_affected', 'CRITICAL', { upstream: 'gone' }, 0, 60_000);
  await sleep(45_000);
  expect(watch.raisedSince({ upstream: 'fine' }, 0)).toEqual([]);
  expect(watch.raisedSince({ job: 'edge' }, 0)).toEqual(['clients_affected CRITICAL']);
}, 300_000);
