/** Real nginx: its connections, processes and limits as the plugin draws them. */
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { testOn } from '../../support/machine.ts';
import { freePorts } from '../../support/network/ports.ts';
import { request } from '../../support/network/request.ts';
import { start } from '../../support/process.ts';
import { run } from '../../support/run.ts';
import { startBackend } from '../../support/servers/backend.ts';
import { startNginx } from '../../support/servers/nginx.ts';
import { tool } from '../../support/servers/packages.ts';
import { type Plugin, startPlugin } from '../../support/servers/plugin.ts';
import { sleep, waitUntil } from '../../support/wait.ts';

const chart = (name: string) => `nginx_upstream_t.${name}`;
const conf = (nginx: { conf: string; errorLog: string }, status: string) =>
  `jobs:\n  - name: t\n    nginx_conf: ${nginx.conf}\n    error_log: ${nginx.errorLog}\n    stub_status: ${status}\n`;
const nobody = 65534;

async function readPage(url: string) {
  const { body } = await request(url);
  const numbers = Array.from(body.matchAll(/\d+/g), ([digits]) => Number(digits));
  const [active = 0, , , , reading = 0, writing = 0, waiting = 0] = numbers;
  return { active, reading, writing, waiting };
}

test('connections equal the page at the same moment; rates equal what was sent', { timeout: 60_000 }, async () => {
  const [front = 0] = await freePorts(1);
  const backend = await startBackend({ behave: { delay: 60_000 } });
  const nginx = await startNginx({
    http: `server { listen 127.0.0.1:${front};
             location /wait { proxy_pass http://${backend.address}; } location /ok { return 200 ok; }
             location /stub_status { stub_status; access_log off; } }`,
  });
  const url = `http://127.0.0.1:${front}/stub_status`;
  const plugin = startPlugin({ conf: conf(nginx, url) });
  await plugin.chart(chart('connections'));

  // Five wait for the backend (writing), three have sent half a request (reading), four say nothing (waiting).
  const texts = [
    ...Array<string>(5).fill('GET /wait HTTP/1.1\r\nHost: x\r\n\r\n'),
    ...Array<string>(3).fill('GET / HT'),
    '',
    '',
    '',
    '',
  ];
  const held = texts.map((text) => {
    const socket = connect(front, '127.0.0.1', () => socket.write(text));
    return socket.on('error', () => undefined);
  });
  try {
    // Our own check of the page is a connection and a request that writes, as the plugin's is one.
    await waitUntil(async () => (await readPage(url)).active >= 12, { what: 'all to be there' });
    const seen = await plugin.chart(chart('connections'), ({ reading, writing }) => reading === 3 && writing === 6);
    const page = await readPage(url);
    // The plugin keeps its connection: it waits while we ask.
    expect(page).toEqual({ active: 14, reading: 3, writing: 6, waiting: 5 });
    expect(seen).toEqual({ reading: 3, writing: 6, waiting: 4 });
    expect(await plugin.chart(chart('active_connections'))).toEqual({ active: 13 });
    expect(await plugin.chart(chart('writing_share'))).toEqual({ writing: Math.round((6 / 13) * 10_000) });
  } finally {
    for (const socket of held) socket.destroy();
  }
});

test('under wrk: requests and accepts add up to what wrk sent, and nothing is dropped', {
  timeout: 60_000,
}, async () => {
  const [front = 0] = await freePorts(1);
  const wrk = await tool('wrk');
  const nginx = await startNginx({
    http: `server { listen 127.0.0.1:${front}; location / { return 200 ok; access_log off; } location /s { stub_status; access_log off; } }`,
  });
  const url = `http://127.0.0.1:${front}/s`;
  const plugin = startPlugin({ conf: conf(nginx, url) });
  await plugin.chart(chart('http_requests'));
  const before = await steady(plugin);
  const result = await run(wrk.path, ['-t1', '-c20', '-d3s', `http://127.0.0.1:${front}/`], { env: wrk.env });
  const sent = Number(/(\d+) requests in/.exec(result.stdout)?.[1]);
  const { body } = await request(url);
  const requests = Number(/\n \d+ \d+ (\d+)/.exec(body)?.[1]);
  expect(sent).toBeGreaterThan(1_000);
  // Each of the plugin's own questions is a request, too: one in a tick.
  const after = await plugin.chart(chart('http_requests'), (values) => (values['requests'] ?? 0) - before >= sent);
  expect((after['requests'] ?? 0) - before).toBeLessThan(requests + 30);
  const accepts = await plugin.chart(chart('accepts'));
  expect(accepts['accepted']).toBe(accepts['handled']);
  expect(accepts['dropped']).toBe(0);
  expect(plugin.updates(chart('accepts')).some(({ values }) => Object.values(values).some((value) => value < 0))).toBe(
    false,
  );
});

async function steady(plugin: Plugin): Promise<number> {
  return (await plugin.chart(chart('http_requests')))['requests'] ?? 0;
}

test('reload, a worker killed, stop and start: workers and events; no fall, no spike; a gap while it is down', {
  timeout: 90_000,
}, async () => {
  const [front = 0] = await freePorts(1);
  const http = `server { listen 127.0.0.1:${front}; location / { return 200 ok; } location /s { stub_status; } }`;
  const nginx = await startNginx({ http, workers: 2 });
  const plugin = startPlugin({ conf: conf(nginx, `http://127.0.0.1:${front}/s`) });
  await plugin.chart(chart('workers'), ({ running }) => running === 2);
  await run((await tool('wrk')).path, ['-t1', '-c5', '-d2s', `http://127.0.0.1:${front}/`], {
    env: (await tool('wrk')).env,
  });
  expect(await plugin.chart(chart('worker_events'))).toEqual({ reloads: 0, restarts: 0 });

  await nginx.reload();
  await plugin.chart(chart('worker_events'), ({ reloads }) => reloads === 1);
  await nginx.reload();
  await plugin.chart(chart('worker_events'), ({ reloads }) => reloads === 2);

  const [victim = 0] = nginx.workers();
  process.kill(victim, 'SIGKILL');
  await plugin.chart(chart('worker_events'), ({ restarts }) => restarts === 1);
  await plugin.chart(chart('workers'), ({ running }) => running === 2);

  await nginx.stop();
  await waitUntil(() => plugin.log().some((line) => line.includes('connection refused')), { what: 'one log line' });
  const [gapConnections, gapWorkers] = [
    plugin.updates(chart('accepts')).length,
    plugin.updates(chart('workers')).length,
  ];
  const ticks = plugin.ticks();
  await waitUntil(() => plugin.ticks() >= ticks + 3, { what: 'three ticks' });
  expect(plugin.updates(chart('accepts'))).toHaveLength(gapConnections);
  expect(plugin.updates(chart('workers'))).toHaveLength(gapWorkers);

  const again = await startNginx({ http, workers: 2 }, { prefix: nginx.prefix });
  await plugin.chart(chart('worker_events'), ({ restarts }) => restarts === 2, 20_000);
  await waitUntil(() => plugin.updates(chart('accepts')).length > gapConnections + 3, { what: 'connections again' });
  expect(again.pid).not.toBe(nginx.pid);
  expect(await plugin.chart(chart('worker_events'))).toEqual({ reloads: 2, restarts: 2 });

  const accepted = plugin.updates(chart('accepts')).map(({ values }) => values['accepted'] ?? 0);
  expect(accepted).toEqual([...accepted].sort((a, b) => a - b));
  const afterStart = accepted.slice(gapConnections);
  expect(Math.max(...afterStart) - (accepted[gapConnections - 1] ?? 0)).toBeLessThan(10);
  expect(plugin.log().filter((line) => line.includes('connection refused'))).toHaveLength(1);
});

test('a single worker: a reload is a reload, a crash is a crash', { timeout: 60_000 }, async () => {
  const [front = 0] = await freePorts(1);
  const nginx = await startNginx({
    http: `server { listen 127.0.0.1:${front}; }`,
    workers: 1,
    errorLog: ['/dev/null emerg'],
  });
  const plugin = startPlugin({
    conf: `jobs:\n  - name: t\n    nginx_conf: ${nginx.conf}\n    error_log: ${nginx.errorLog}\n`,
  });
  await plugin.chart(chart('workers'), ({ running }) => running === 1);
  let [reloads, restarts] = [0, 0];
  for (const what of ['reload', 'crash', 'crash', 'reload']) {
    const [worker = 0] = nginx.workers();
    if (what === 'reload') await nginx.reload();
    else process.kill(worker, 'SIGKILL');
    if (what === 'reload') reloads++;
    else restarts++;
    await plugin.chart(
      chart('worker_events'),
      (values) => (values['reloads'] ?? 0) + (values['restarts'] ?? 0) === reloads + restarts,
    );
    expect(await plugin.chart(chart('worker_events'))).toEqual({ reloads, restarts });
    await plugin.chart(chart('workers'), ({ running }) => running === 1);
    await sleep(1_100);
  }
});

testOn('root')('descriptors as another user read them equal what root counts', { timeout: 60_000 }, async () => {
  const [front = 0] = await freePorts(1);
  const nginx = await startNginx({
    main: 'worker_rlimit_nofile 1000;',
    events: 'worker_connections 400;',
    http: `server { listen 127.0.0.1:${front}; location / { return 200 ok; } }`,
  });
  const [worker = 0] = nginx.workers();
  const plugin = startPlugin({ conf: conf(nginx, `http://127.0.0.1:${front}/`), user: nobody });
  const held = start(process.execPath, [
    '-e',
    `for (let i = 0; i < 100; i++) require('node:net').connect(${front}, '127.0.0.1').on('connect', () => i === 99 && console.log('held'));`,
  ]);
  await held.waitForLine(/held/);
  const counted = () => readdirSync(`/proc/${worker}/fd`).length;
  await waitUntil(() => counted() > 100, { what: 'nginx to accept them' });
  const denied = await run('/usr/bin/setpriv', [
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
    'ls',
    `/proc/${worker}/fd`,
  ]);
  expect(denied.code).not.toBe(0);
  // In hundredths of a percent of 1,000: ten for each.
  const drawn = () => plugin.updates(chart('descriptors_used')).at(-1)?.values['used'];
  const listed = async () => Number((await run('/bin/sh', ['-c', `ls /proc/${worker}/fd | wc -l`])).stdout);
  // The plugin's own question to the status page comes and goes: equal is what was drawn and listed at one moment.
  await waitUntil(async () => drawn() === (await listed()) * 10 && drawn() === counted() * 10, {
    what: 'the same number',
    hint: () => [drawn(), counted()],
  });
});
