/**
 * `npm run bench:churn`: a day on which 1,000 of 50 pods are replaced, in CHURN_SECONDS=1200: 50 peers in 5 upstreams, one
 * replaced every 1.2 s. A pod that goes refuses three requests first. CHURN=configured rewrites nginx.conf (as templates
 * and controllers do), CHURN=logged changes only what the logs name (as a balancer in Lua does).
 * Netdata forgets obsolete charts after a minute here, not an hour, so that the day's end can be seen. CHURN_MEMORY=ram
 * keeps metrics in memory; CHURN_ADDRESSES=250 takes addresses again after so many pods, as a cluster does;
 * CHURN_DB='dbengine page cache size MB = 8' adds lines to [db], separated by `;`.
 */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { accessLine, errorLine, firstPeers, fleetConfiguration, residentMb } from '../../test/support/servers/fleet.ts';
import { startNetdata } from '../../test/support/servers/netdata.ts';
import { tempDir } from '../../test/support/temp.ts';
import { sleep } from '../../test/support/wait.ts';

const seconds = Number(process.env['CHURN_SECONDS'] ?? 1200);
const pods = Number(process.env['CHURN_PODS'] ?? 1000);
const conf = process.env['CHURN_CONF'] ? `${process.env['CHURN_CONF']}\n` : '';
const addresses = Number(process.env['CHURN_ADDRESSES'] ?? Number.POSITIVE_INFINITY);
const isLogged = process.env['CHURN'] === 'logged';
const memory = process.env['CHURN_MEMORY'] === 'ram' ? 'ram' : 'dbengine';
const db = (process.env['CHURN_DB'] ?? '').split(';').filter((line) => line !== '');
const requestsPerSecond = 4;

test('pod churn', async () => {
  const folder = tempDir('churn');
  for (const name of ['access.log', 'error.log']) writeFileSync(join(folder, name), '');
  const peers = firstPeers.map((each) => [...each]);
  const configured = isLogged ? peers.map(() => ['10.9.9.9:8080']) : peers;
  const write = () => writeFileSync(join(folder, 'nginx.conf'), fleetConfiguration(folder, configured));
  write();
  const netdata = await startNetdata({
    plugin: { conf: `probe: off\n${conf}jobs:\n  - name: edge\n    nginx_conf: ${folder}/nginx.conf\n` },
    memory,
    conf: { db: ['cleanup obsolete charts after secs = 60', ...db] },
    health: 'alerts',
  });
  await netdata.chart('nginx_upstream_edge.upstream_failures_shop0');

  let replaced = 0;
  function playSecond(second: number): void {
    let access = '';
    let error = '';
    const before = replaced;
    for (const [u, each] of peers.entries()) {
      for (let n = 0; n < requestsPerSecond; n++) {
        access += accessLine(u, each[(second + n) % each.length] as string, (second * 7 + n * 13) % 60, null);
      }
    }
    for (; replaced < Math.floor((second * pods) / seconds); replaced++) {
      const u = replaced % peers.length;
      const of = peers[u] as string[];
      const leaves = of.shift() as string;
      for (let i = 0; i < 3; i++) {
        access += accessLine(u, of[i] as string, 1, leaves);
        error += errorLine(u, leaves);
      }
      const next = replaced % addresses;
      of.push(`10.${1 + (next >> 8)}.${u}.${next & 255}:8080`);
    }
    appendFileSync(join(folder, 'access.log'), access);
    appendFileSync(join(folder, 'error.log'), error);
    if (!isLogged && replaced > before) write();
  }

  const rows = [
    '| minute | pods replaced | plugin, MB | Netdata, MB | our charts | alerts |',
    '| --- | --- | --- | --- | --- | --- |',
  ];
  const begin = performance.now();
  for (let second = 1; second <= seconds; second++) {
    playSecond(second);
    if (second % Math.max(1, Math.floor(seconds / 20)) === 0) {
      const charts = Object.keys(await netdata.charts()).filter((id) => id.startsWith('nginx_upstream_'));
      const alarms = Object.values(await netdata.alarms(true));
      const mb = [residentMb(netdata.pluginPid() ?? 0), residentMb(netdata.pid)].map((each) => each.toFixed(0));
      rows.push(
        `| ${(second / 60).toFixed(1)} | ${replaced} | ${mb.join(' | ')} | ${charts.length} | ${alarms.length} |`,
      );
      console.log(rows.at(-1));
    }
    await sleep(Math.max(0, begin + second * 1000 - performance.now()));
  }
  console.log(rows.join('\n'));
}, 3_600_000);
