/**
 * `npm run bench:peer-charts`: what PEERS=50 peers cost with either setting of `peer_charts`, quiet and with all of them
 * failing: charts, values a tick, alerts, and the memory of plugin and Netdata after PEER_SECONDS=90.
 */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { accessLine, errorLine, fleetConfiguration, residentMb } from '../../test/support/servers/fleet.ts';
import { startNetdata } from '../../test/support/servers/netdata.ts';
import { tempDir } from '../../test/support/temp.ts';
import { sleep } from '../../test/support/wait.ts';

const seconds = Number(process.env['PEER_SECONDS'] ?? 90);
const counts = (process.env['PEERS'] ?? '20,50').split(',').map(Number);

test('peer_charts', async () => {
  const rows = ['| peers | peer_charts | state | charts | values a tick | alerts | plugin, MB | Netdata, MB |'];
  rows.push('| --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const count of counts) {
    const kinds = ['failing', 'all'].flatMap((setting) => [false, true].map((fail) => ({ setting, fail })));
    rows.push(...(await Promise.all(kinds.map(({ setting, fail }) => measure(count, setting, fail)))));
  }
  console.log(rows.join('\n'));
}, 1_200_000);

async function measure(count: number, setting: string, fail: boolean): Promise<string> {
  const folder = tempDir('peer-charts');
  for (const name of ['access.log', 'error.log']) writeFileSync(join(folder, name), '');
  const peers = Array.from({ length: 5 }, (_, u) =>
    Array.from({ length: count / 5 }, (_, p) => `10.0.${u}.${p + 1}:8080`),
  );
  writeFileSync(join(folder, 'nginx.conf'), fleetConfiguration(folder, peers));
  const jobs = `jobs:\n  - name: edge\n    nginx_conf: ${folder}/nginx.conf\n`;
  const netdata = await startNetdata({
    plugin: { conf: `probe: off\npeer_charts: ${setting}\n${jobs}` },
    memory: 'dbengine',
    health: 'alerts',
  });
  await netdata.chart('nginx_upstream_edge.upstream_failures_shop0', [], 60_000);
  for (let second = 0; second < seconds; second++) {
    const each = peers.flatMap((of, u) => of.map((peer, i) => ({ u, peer, next: of[(i + 1) % of.length] as string })));
    const access = each.map(({ u, peer, next }) => accessLine(u, next, (second * 7) % 60, fail ? peer : null));
    appendFileSync(join(folder, 'access.log'), access.join(''));
    if (fail) appendFileSync(join(folder, 'error.log'), each.map(({ u, peer }) => errorLine(u, peer)).join(''));
    await sleep(1000);
  }
  const charts = Object.values(await netdata.charts()).filter(({ id }) => id.startsWith('nginx_upstream_'));
  const values = charts.reduce((sum, { dimensions }) => sum + Object.keys(dimensions).length, 0);
  const alarms = Object.keys(await netdata.alarms(true)).length;
  const mb = [residentMb(netdata.pluginPid() ?? 0), residentMb(netdata.pid)].map((each) => each.toFixed(0));
  await netdata.stop();
  return `| ${count} | ${setting} | ${fail ? 'all fail' : 'quiet'} | ${charts.length} | ${values} | ${alarms} | ${mb.join(' | ')} |`;
}
