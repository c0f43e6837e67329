/** A real nginx under load while its logs are rotated every second: no request is missing, none is counted twice. */
import { renameSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startPlugin } from '../../e2e/logs/kit.ts';
import { freePorts } from '../../support/network/ports.ts';
import { request } from '../../support/network/request.ts';
import { run } from '../../support/run.ts';
import { startBackend } from '../../support/servers/backend.ts';
import { startNginx } from '../../support/servers/nginx.ts';
import { tool } from '../../support/servers/packages.ts';
import { sleep } from '../../support/wait.ts';

const seconds = 20;

test(`wrk for ${seconds} s with a rotation by rename + USR1 every second: the count is that of stub_status, exactly`, async () => {
  const wrk = await tool('wrk');
  const [front = 0, status = 0, dead = 0] = await freePorts(3);
  const backend = await startBackend({ behave: (_request, response) => response.end('ok\n') });
  // Each request that is not for the status page is proxied; every other first attempt is refused.
  const nginx = await startNginx({
    workers: 2,
    http: `
      upstream app { server 127.0.0.1:${dead} max_fails=0; server ${backend.address}; keepalive 32; }
      server { listen 127.0.0.1:${front}; location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; } }
      server { listen 127.0.0.1:${status}; access_log off; location / { stub_status; } }`,
  });
  const plugin = await startPlugin([`error_log: ${nginx.errorLog}`, `access_log: ${nginx.accessLog}`]);
  let asked = 0;
  /** Requests that nginx has begun, without those of the status page itself. */
  const handled = async (): Promise<number> => {
    asked += 1;
    const { body } = await request(`http://127.0.0.1:${status}/`);
    return Number(/(\d+) \n?Reading/.exec(body)?.[1]) - asked;
  };
  const before = await handled();
  const load = run(wrk.path, ['-t1', '-c8', `-d${seconds}s`, `http://127.0.0.1:${front}/`], {
    env: wrk.env,
    timeout: 60_000,
  });
  let rotations = 0;
  for (let second = 0; second < seconds; second += 1) {
    await sleep(1000);
    const inode = statSync(nginx.accessLog).ino;
    for (const log of [nginx.errorLog, nginx.accessLog]) renameSync(log, `${log}.${second}`);
    await nginx.reopen();
    if (statSync(nginx.accessLog).ino !== inode) rotations += 1;
  }
  expect((await load).code).toBe(0);
  expect(rotations).toBe(seconds);
  const proxied = (await handled()) - before;
  expect(proxied).toBeGreaterThan(1000);
  await plugin.waitFor(() => plugin.total('requests'), proxied, 30_000);
  // All that were refused are in the error log too, which was rotated as often.
  const refused = plugin.value('connect_failures', 'refused');
  expect(refused).toBeGreaterThan(1000);
  expect(plugin.value('reconciliation', 'access_log') || refused).toBe(refused);
  expect(plugin.value('log_lines', 'lost')).toBe(0);
  expect(plugin.value('log_lines', 'unmatched')).toBe(0);
  console.log(`${proxied} requests by stub_status and by the plugin, ${refused} refused, ${rotations} rotations`);
}, 120_000);
