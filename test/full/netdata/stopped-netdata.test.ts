/** Netdata stops reading for two minutes (kill -STOP): complete ticks are skipped, memory stays flat, the ticks resume. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startNetdata } from '../../support/servers/netdata.ts';
import { tempDir } from '../../support/temp.ts';
import { sleep } from '../../support/wait.ts';

const residentKiB = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
const refused = (peer: string) =>
  `2026/11/22 07:30:45 [error] 10#10: *1 connect() failed (111: Connection refused) while connecting to upstream, ` +
  `client: 127.0.0.1, server: , request: "GET / HTTP/1.1", upstream: "http://${peer}/", host: "x"\n`;

test('two minutes without a reader', async () => {
  const log = join(tempDir('stopped'), 'error.log');
  writeFileSync(log, '');
  const netdata = await startNetdata({ plugin: { conf: `jobs:\n  - name: t\n    error_log: ${log}\n` } });
  await netdata.chart('nginx_upstream_t.connect_failures');
  for (let i = 0; i < 60; i++) appendFileSync(log, refused(`10.0.0.${i}:80`));
  const stored = () => netdata.sum('nginx_upstream_t.connect_failures', 'refused');
  // How much of what came with 300 new charts was stored is not asked: a busy Netdata drops what comes 3 s late.
  const perPeer = async () => Object.keys(await netdata.charts()).filter((id) => id.includes('.peer_failures_'));
  await netdata.waitFor(async () => (await perPeer()).length > 50, 'the charts of all peers', 30_000);
  const settled = await netdata.waitFor(
    async () => {
      const now = await stored();
      await sleep(3_000);
      return now > 0 && now === (await stored()) ? now : null;
    },
    'a sum that stays',
    30_000,
  );
  const pid = netdata.pluginPid() ?? 0;
  const before = residentKiB(pid);

  netdata.signal('SIGSTOP');
  // 51 peers are about 10 kB a tick: the pipe is full after some seconds. Failures continue all the while.
  for (let second = 0; second < 120; second++) {
    appendFileSync(log, refused('10.0.0.1:80'));
    await sleep(1_000);
  }
  const during = residentKiB(pid);
  netdata.signal('SIGCONT');

  // Ticks alone come to 1.5 MB; where each kept what it had computed, it would be far more. V8's own comes and goes.
  expect(during - before).toBeLessThan(50_000);
  expect(netdata.pluginPid()).toBe(pid);
  appendFileSync(log, refused('10.0.0.1:80').repeat(5));
  // What was counted while nobody read arrives afterwards, at most the tick that was cut short is smeared.
  await netdata.waitFor(async () => (await stored()) >= settled + 124, 'all failures', 30_000);
  expect(await stored()).toBeLessThanOrEqual(settled + 126);
});
