/** What all end-to-end tests stand on: a real nginx and a real Netdata come up, do their work, and leave nothing. */
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { closedPort, freePort } from '../../support/network/ports.ts';
import { request } from '../../support/network/request.ts';
import { descendants, isAlive } from '../../support/process.ts';
import { startBackend, startFullBacklog } from '../../support/servers/backend.ts';
import { startNetdata } from '../../support/servers/netdata.ts';
import { startNginx } from '../../support/servers/nginx.ts';

const FAKE = `#!/bin/bash
echo "CHART fake.a '' 'a' 'things' 'fam' 'fake.a' line 1000 1"
echo "DIMENSION d d absolute 1 1"
while :; do
  printf 'BEGIN fake.a\\nSET d = %s\\nEND\\n' "$FAKE_VALUE"
  sleep 1
done
`;

const connectError = (port: number): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    socket.once('connect', () => {
      socket.destroy();
      resolve('connected');
    });
  });

test('nginx writes its real refused line, then reaches a backend that came back', async () => {
  const [front, back] = [await freePort(), await closedPort()];
  const nginx = await startNginx({
    http: `upstream app { server 127.0.0.1:${back}; }
           server { listen 127.0.0.1:${front}; location / { proxy_pass http://app; } }`,
  });
  expect(await connectError(back)).toBe('ECONNREFUSED');
  expect((await request(`http://127.0.0.1:${front}/`)).status).toBe(502);
  const [line] = await nginx.errorLines(/connect\(\) failed \(111: /);
  expect(line).toContain(`upstream: "http://127.0.0.1:${back}/"`);
  const backend = await startBackend({ port: back });
  expect((await request(`http://127.0.0.1:${front}/`)).status).toBe(200);
  expect([backend.requests(), backend.connections()]).toEqual([1, 1]);
  const before = nginx.workers();
  await nginx.reload();
  expect(nginx.workers()).not.toEqual(before);
  const all = [nginx.pid, ...descendants(nginx.pid)];
  await nginx.stop();
  expect(all.filter(isAlive)).toEqual([]);
});

test('nginx that does not start says why', async () => {
  await expect(startNginx({ http: 'nonsense on;' })).rejects.toThrow(/unknown directive "nonsense"/);
});

test('a backend whose queue is full gives no answer', async () => {
  const [front, full] = [await freePort(), await startFullBacklog()];
  const nginx = await startNginx({
    http: `server { listen 127.0.0.1:${front}; proxy_connect_timeout 300ms;
                    location / { proxy_pass http://${full.address}; } }`,
  });
  expect((await request(`http://127.0.0.1:${front}/`)).status).toBe(504);
  await nginx.errorLines(/upstream timed out \(110: .*while connecting to upstream/);
});

test('two Netdatas side by side each show what their plugin writes, and leave no process behind', async () => {
  const [one, two] = await Promise.all(
    ['41', '42'].map((FAKE_VALUE) => startNetdata({ plugins: { 'fake.plugin': FAKE }, env: { FAKE_VALUE } })),
  );
  if (!one || !two) throw new Error('both were started');
  for (const [netdata, value] of [
    [one, 41],
    [two, 42],
  ] as const) {
    await netdata.chart('fake.a', ['d']);
    await netdata.waitFor(async () => (await netdata.last('fake.a', 'd')) === value, `${value} on the chart`);
    expect(netdata.pluginPid()).not.toBeNull();
  }
  const all = [one, two].flatMap(({ pid }) => [pid, ...descendants(pid)]);
  expect(all.length).toBeGreaterThanOrEqual(4);
  await Promise.all([one.stop(), two.stop()]);
  expect(all.filter(isAlive)).toEqual([]);
});

let dir = '';

test('Netdata serves its dashboard', async () => {
  const netdata = await startNetdata();
  dir = netdata.dir;
  const page = await request(`${netdata.url}/`);
  expect([page.status, page.body.includes('<title>')]).toEqual([200, true]);
  expect((await request(`${netdata.url}/fonts/fontawesome-webfont.woff`)).status).toBe(200);
});

test('what a test started leaves no file', () => {
  expect(dir).not.toBe('');
  expect(existsSync(dir)).toBe(false);
});
