/** Netdata is restarted, or the plugin is, or it ticks every 5 s only: alerts are the same. */
import { expect, test } from 'vitest';
import { latest, watchAlerts } from '../../support/alerts/watch.ts';
import { attemptsFormat } from '../../support/alerts/world.ts';
import { freePorts } from '../../support/network/ports.ts';
import { startTraffic } from '../../support/network/traffic.ts';
import { type Backend, startBackend } from '../../support/servers/backend.ts';
import { type Netdata, startNetdata } from '../../support/servers/netdata.ts';
import { startNginx } from '../../support/servers/nginx.ts';
import { sleep, waitUntil } from '../../support/wait.ts';

interface Edge {
  readonly fine: Backend;
  readonly begin: (more?: string, dir?: string) => Promise<Netdata>;
}

/** An nginx with an upstream that is fine and one that refuses. */
async function startEdge(): Promise<Edge> {
  const [front = 0, dead = 0] = await freePorts(2);
  const fine = await startBackend();
  const nginx = await startNginx({
    accessLog: [],
    http: `
      log_format attempts '${attemptsFormat}';
      access_log logs/access.log attempts;
      upstream fine { server ${fine.address}; }
      upstream gone { server 127.0.0.1:${dead}; }
      server {
        listen 127.0.0.1:${front};
        location /fine { proxy_pass http://fine; }
        location /gone { proxy_pass http://gone; }
      }`,
  });
  for (const path of ['fine', 'gone']) startTraffic(`http://127.0.0.1:${front}/${path}`, 4);
  return {
    fine,
    begin: (more = '', dir) =>
      startNetdata({
        plugin: { conf: `${more}jobs:\n  - name: edge\n    nginx_conf: ${nginx.conf}\n` },
        health: 'alerts',
        memory: 'dbengine',
        ...(dir === undefined ? {} : { dir }),
      }),
  };
}

test('Netdata is restarted while one upstream is fine and another refuses', async () => {
  const { begin } = await startEdge();
  const first = await begin();
  await first.waitForAlarm('nginx_upstream_clients_affected', 'CRITICAL', { timeout: 60_000 });
  await sleep(10_000);
  await first.stop();
  const watch = watchAlerts(await begin('', first.dir));
  const since = watch.now();
  const { seconds } = await watch.raised('clients_affected', 'CRITICAL', { upstream: 'gone' }, since, 60_000);
  // The windows were kept: it does not wait for a second look.
  expect(seconds).toBeLessThanOrEqual(latest(17));
  await sleep(30_000);
  expect(watch.raisedSince({ upstream: 'fine' }, 0)).toEqual([]);
  expect(watch.raisedSince({ job: 'edge' }, 0)).toEqual(['clients_affected CRITICAL']);
}, 200_000);

test('the plugin is restarted in mid-outage: nothing clears, and nothing is raised twice', async () => {
  const { begin } = await startEdge();
  const netdata = await begin();
  const watch = watchAlerts(netdata);
  const on = { upstream: 'gone' };
  await watch.raised('clients_affected', 'CRITICAL', on, 0, 60_000);
  const restarted = watch.now();
  const before = netdata.pluginPid() ?? 0;
  process.kill(before, 'SIGTERM');
  await waitUntil(() => (netdata.pluginPid() ?? before) !== before, { what: 'a new plugin', timeout: 30_000 });
  await sleep(35_000);
  expect(watch.history('clients_affected', on).filter(({ at }) => at > restarted)).toEqual([]);
  const log = (await netdata.alarmLog()).filter(({ name }) => name === 'nginx_upstream_clients_affected');
  expect(log.filter(({ status }) => status === 'CRITICAL')).toHaveLength(1);
}, 200_000);

test('update_every: 5: an outage is raised within 30 s, a restart of 2.5 s is not', async () => {
  const { begin, fine } = await startEdge();
  const watch = watchAlerts(await begin('update_every: 5\n'));
  const since = watch.now();
  const { seconds } = await watch.raised('clients_affected', 'CRITICAL', { upstream: 'gone' }, since, 60_000);
  expect(seconds).toBeLessThanOrEqual(latest(32));
  await fine.stop();
  await sleep(2_500);
  await fine.restart();
  await sleep(40_000);
  expect(watch.raisedSince({ upstream: 'fine' }, 0)).toEqual([]);
  expect(watch.history('clients_affected', { upstream: 'gone' }).at(-1)?.status).toBe('CRITICAL');
}, 200_000);
