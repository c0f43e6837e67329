/** A real Netdata 1.37.1 survives whatever the plugin has to say, and the plugin survives whatever Netdata does. */
import { appendFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isAlive } from '../../support/process.ts';
import { type Netdata, startNetdata } from '../../support/servers/netdata.ts';
import { tempDir } from '../../support/temp.ts';
import { waitUntil } from '../../support/wait.ts';

const refused = (peer: string) =>
  `2026/11/22 07:30:45 [error] 10#10: *1 connect() failed (111: Connection refused) while connecting to upstream, ` +
  `client: 127.0.0.1, server: , request: "GET / HTTP/1.1", upstream: "http://${peer}/", host: "x"\n`;

async function withLog(): Promise<{ netdata: Netdata; log: string }> {
  const log = join(tempDir('survival'), 'error.log');
  writeFileSync(log, '');
  const netdata = await startNetdata({
    plugin: { conf: `jobs:\n  - name: t\n    error_log: ${log}\n` },
    health: 'alerts',
  });
  await netdata.chart('nginx_upstream_t.connect_failures');
  return { netdata, log };
}

const peerCharts = async (netdata: Netdata) =>
  Object.values(await netdata.charts()).filter(({ context }) => context === 'nginx_upstream.peer_failures');

describe('Netdata 1.37.1 survives', () => {
  test('names with quotes, brackets, commas, blanks, backslashes, escapes and other alphabets', async () => {
    const { netdata, log } = await withLog();
    const names = [
      "unix:/run/it's.sock:",
      'unix:/run/a b,c;d=e.sock:',
      'unix:/run/[x]{y}.sock:',
      'unix:/run/back\\slash\\:',
      'unix:/run/\u001b[31mred.sock:',
      'unix:/run/сокет.sock:',
      "unix:/run/'\tCHART evil.x:",
      '[::1]:80',
    ];
    appendFileSync(log, names.map(refused).join(''));
    await netdata.waitForCount('nginx_upstream_t.connect_failures', 'refused', names.length);
    const charts = await waitUntil(
      async () => {
        const found = await peerCharts(netdata);
        return found.length >= names.length ? found : null;
      },
      { what: 'a chart for each' },
    );
    expect(charts).toHaveLength(names.length);
    expect(Object.keys(await netdata.charts()).filter((id) => id.includes('evil.x'))).toEqual([]);
    expect(netdata.errorLog()).not.toMatch(/killed|disabling|Disabling/);
  }, 60_000);

  test('300 peers: 50 charts and one for the rest, nothing lost', async () => {
    const { netdata, log } = await withLog();
    for (let i = 0; i < 300; i++) appendFileSync(log, refused(`10.0.${i >> 8}.${i & 255}:80`));
    await netdata.waitForCount('nginx_upstream_t.connect_failures', 'refused', 300);
    await netdata.waitForCount('nginx_upstream_t.peer_failures_other', 'refused', 250);
    expect(await peerCharts(netdata)).toHaveLength(51);
  }, 60_000);

  test('a restart of the plugin: the counting continues, nothing is doubled and nothing appears from nowhere', async () => {
    const { netdata, log } = await withLog();
    appendFileSync(log, refused('10.0.0.1:80').repeat(41));
    await netdata.waitForCount('nginx_upstream_t.peer_failures_10_0_0_1_80', 'refused', 41);
    const pid = netdata.pluginPid() ?? 0;
    process.kill(pid, 'SIGTERM');
    await waitUntil(() => !isAlive(pid) && netdata.pluginPid() !== null, { what: 'the next plugin', timeout: 30_000 });
    await waitUntil(() => startedReading(netdata.pluginPid() ?? 0, log), {
      what: 'the log to be open again',
      timeout: 30_000,
    });
    appendFileSync(log, refused('10.0.0.1:80').repeat(3));
    // The next plugin counts from 0; what Netdata has stored of both is never more than there was.
    for (const chart of ['peer_failures_10_0_0_1_80', 'connect_failures'].map((id) => `nginx_upstream_t.${id}`)) {
      await waitUntil(async () => (await netdata.counted(chart, 'refused')) === 3, { what: 'what came since' });
      expect(await netdata.sum(chart, 'refused')).toBeLessThanOrEqual(44);
    }
  }, 120_000);

  test('it ends when Netdata ends', async () => {
    const { netdata } = await withLog();
    const pid = netdata.pluginPid() ?? 0;
    process.kill(netdata.pid, 'SIGKILL');
    await waitUntil(() => !isAlive(pid), { what: 'the end of the plugin', timeout: 30_000 });
  });
});

/** The log is open in this process: from now on every line counts. */
function startedReading(pid: number, path: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === path);
  } catch {
    return false;
  }
}
