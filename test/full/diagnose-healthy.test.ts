/** Healthy situations: `Healthy`, exit 0, one line. All of them with real traffic through a real nginx. */

import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { connect, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Nginx, startNginx } from '../support/nginx.ts';
import { readablePlugin } from '../support/plugin.ts';
import { freePorts } from '../support/ports.ts';
import { request } from '../support/request.ts';
import { run } from '../support/run.ts';
import { atEnd, tempDir } from '../support/temp.ts';
import { sleep } from '../support/wait.ts';

let nginx: Nginx;
let front = 0;
let ports: readonly number[] = [];
let servers: Server[] = [];
let diagnose: () => Promise<{ code: number | null; stdout: string }>;

const format =
  '$remote_addr [$time_local] "$request" $status $upstream_addr $upstream_status $upstream_connect_time $upstream_header_time $upstream_response_time $request_time $proxy_host';

const application: RequestListener = (asked, answer) => {
  const { pathname } = new URL(asked.url ?? '/', 'http://x');
  if (pathname === '/404') answer.statusCode = 404;
  if (pathname === '/301') answer.statusCode = 301;
  if (pathname === '/slow') return void setTimeout(() => answer.end('late'), 3000);
  if (pathname === '/poll') return void setTimeout(() => answer.end('polled'), 15_000);
  if (pathname === '/large') {
    answer.write(Buffer.alloc(4 << 20));
    return void setTimeout(() => answer.end(Buffer.alloc(4 << 20)), 1000);
  }
  asked.resume().on('end', () => answer.end('ok'));
};

async function listen(port: number): Promise<Server> {
  const server = createServer(application);
  server.on('upgrade', (_, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    socket.on('data', (bytes: Buffer) => socket.write(bytes)).on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  atEnd(() => server.close());
  return server;
}

const ask = (path: string, times = 1) =>
  Promise.all(
    Array.from({ length: times }, () =>
      request(`http://127.0.0.1:${front}${path}`, { timeout: 30_000 }).catch(() => null),
    ),
  );

/** A client that holds its connection. */
function hold(text: string): Socket {
  const socket = connect(front, '127.0.0.1', () => socket.write(text));
  socket.on('error', () => undefined);
  atEnd(() => socket.destroy());
  return socket;
}

const upstream = (list: readonly number[]) =>
  `upstream app { ${list.map((port) => `server 127.0.0.1:${port};`).join(' ')} keepalive 8; }`;
const http = (list: readonly number[]) => `log_format attempts '${format}'; access_log logs/access.log attempts;
  map $http_upgrade $up { default upgrade; '' ''; }
  ${upstream(list)}
  server { listen 127.0.0.1:${front}; location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $up; } }`;

beforeAll(async () => {
  const [first = 0, ...rest] = await freePorts(4);
  front = first;
  ports = rest.slice(0, 2);
  servers = await Promise.all(ports.map(listen));
  nginx = await startNginx({ accessLog: [], http: http(ports) });
  const folder = tempDir('healthy');
  const conf = join(folder, 'nginx-upstream.conf');
  writeFileSync(conf, `jobs:\n  - name: test\n    nginx_conf: ${nginx.conf}\n`);
  const plugin = readablePlugin();
  diagnose = () =>
    run(process.execPath, [plugin, 'diagnose', '--config', conf], { env: { ...process.env, NETDATA_LIB_DIR: folder } });
});

afterAll(() => {
  for (const server of servers) server.close();
});

const websocket =
  'GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n';

const situations: readonly (readonly [string, () => Promise<unknown> | unknown])[] = [
  ['idle', () => undefined],
  ['a few requests', () => ask('/', 5)],
  ['load', () => ask('/', 300)],
  ['404s of the application', () => ask('/404', 50)],
  ['redirects', () => ask('/301', 20)],
  ['slow answers that are over', () => ask('/slow', 3)],
  ['slow answers, under way', () => void ask('/slow', 5)],
  ['long polls, under way', () => void ask('/poll', 5)],
  [
    'a slow download',
    () => {
      hold('GET /large HTTP/1.1\r\nHost: x\r\n\r\n').pause();
    },
  ],
  [
    'websockets',
    () => {
      for (let n = 0; n < 5; n++) hold(websocket);
    },
  ],
  [
    'a slow upload',
    () => {
      hold('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc');
    },
  ],
  [
    'clients that give up (499)',
    async () => {
      const gone = [0, 1, 2].map(() => hold('GET /poll HTTP/1.1\r\nHost: x\r\n\r\n'));
      await sleep(300);
      for (const each of gone) each.destroy();
    },
  ],
  [
    'clients that send no request',
    () => {
      for (let n = 0; n < 5; n++) hold('');
    },
  ],
  [
    'bad requests (400)',
    () => {
      for (let n = 0; n < 5; n++) hold('no http\r\n\r\n');
    },
  ],
  [
    'a reload under load',
    async () => {
      const load = ask('/', 100);
      await nginx.reload({ accessLog: [], http: http(ports) });
      await load;
    },
  ],
  [
    'a deploy without a failure: one peer is taken out, replaced and put back',
    async () => {
      const [one = 0, two = 0] = ports;
      await nginx.reload({ accessLog: [], http: http([one]) });
      servers[1]?.close();
      await ask('/', 20);
      servers[1] = await listen(two);
      await nginx.reload({ accessLog: [], http: http(ports) });
      await ask('/', 20);
    },
  ],
];

test.each(situations)('%s', async (_, happen) => {
  await happen();
  await sleep(500);
  const { code, stdout } = await diagnose();
  expect(stdout).toMatch(
    /^Healthy: no upstream failure \(\d peers?\) in the last 10 min, no client with a server error in the last minute\.\n$/,
  );
  expect(code).toBe(0);
});
