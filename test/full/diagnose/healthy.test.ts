/** Healthy situations: `Healthy`, exit 0, one line. All of them with real traffic through a real nginx. */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { renameSync, truncateSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDaemon } from '../../e2e/forged/kit.ts';
import { has } from '../../support/machine.ts';
import { startFakeDns } from '../../support/network/fake-dns.ts';
import { freePorts } from '../../support/network/ports.ts';
import { type RequestOptions, request } from '../../support/network/request.ts';
import { run } from '../../support/run.ts';
import { type Nginx, startNginx } from '../../support/servers/nginx.ts';
import { readablePlugin } from '../../support/servers/plugin.ts';
import { atEnd, tempDir } from '../../support/temp.ts';
import { sleep, waitUntil } from '../../support/wait.ts';
import { listen, startEchoes } from './healthy-backends.ts';

let nginx: Nginx;
let front = 0;
/** Of nginx: HTTP/2, a TCP stream, a UDP stream. */
let http2Port = 0;
let tcpPort = 0;
let udpPort = 0;
let nobodys = 0;
let grpcBackend = 0;
let streamBackend = 0;
let datagramBackend = 0;
let resolver = '';
let ports: readonly number[] = [];
let servers: Server[] = [];
let diagnose: (conf?: string) => Promise<{ code: number | null; stdout: string }>;

const format =
  '$remote_addr [$time_local] "$request" $status $upstream_addr $upstream_status $upstream_connect_time $upstream_header_time $upstream_response_time $request_time $proxy_host';

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

/** A request, answered or not, whose status matters. */
const expectStatus = async (path: string, status: number, times = 5, options: RequestOptions = {}) => {
  for (let n = 0; n < times; n++) {
    const answer = await request(`http://127.0.0.1:${front}${path}`, options);
    expect(answer.status, path).toBe(status);
  }
};

const upstream = (list: readonly number[]) =>
  `upstream app { ${list.map((port) => `server 127.0.0.1:${port};`).join(' ')} keepalive 8; }`;
const http = (list: readonly number[]) => `log_format attempts '${format}'; access_log logs/access.log attempts;
  map $http_upgrade $up { default upgrade; '' ''; }
  ${upstream(list)}
  upstream both { server 127.0.0.1:${list[0]}; server [::1]:${list[0]}; }
  upstream spare { server 127.0.0.1:${list[0]}; server 127.0.0.1:${nobodys} backup; }
  upstream marked { server 127.0.0.1:${list[0]}; server 127.0.0.1:${nobodys} down; }
  upstream few { server 127.0.0.1:${list[0]} max_conns=4; server 127.0.0.1:${list.at(-1)} max_conns=4; }
  proxy_cache_path cache keys_zone=cache:1m;
  limit_req_zone $server_name zone=slow:1m rate=1r/s;
  server { listen 127.0.0.1:${front}; client_max_body_size 64m;
    location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $up; }
    location /idle { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $up; proxy_read_timeout 1s; }
    location /text { gzip on; proxy_pass http://app; }
    location /both { proxy_pass http://both; }
    location /spare { proxy_pass http://spare; }
    location /marked { proxy_pass http://marked; }
    location /few/ { proxy_pass http://few/; }
    location /cached { proxy_cache cache; proxy_cache_valid any 1s; proxy_cache_use_stale error updating; proxy_cache_background_update on; proxy_pass http://app; }
    location /mirrored { mirror /copy; proxy_pass http://app; }
    location = /copy { internal; proxy_pass http://spare; }
    location /limited { limit_req zone=slow; limit_req_status 429; proxy_pass http://app; }
    location /private { auth_request /401; proxy_pass http://app; }
    location /forbidden { auth_request /403; proxy_pass http://app; }
    location /named { resolver ${resolver} valid=1s ipv6=off; set $name app.test; proxy_pass http://$name:${list[0]}; }
    location /page { proxy_intercept_errors on; error_page 404 /instead; proxy_pass http://app/404; }
    location /file { root .; }
  }
  server { listen 127.0.0.1:${http2Port} http2; location / { grpc_pass grpc://127.0.0.1:${grpcBackend}; } }`;
const config = (list: readonly number[]) => ({
  accessLog: [],
  http: http(list),
  stream: `server { listen 127.0.0.1:${tcpPort}; proxy_timeout 30s; proxy_pass 127.0.0.1:${streamBackend}; }
    server { listen 127.0.0.1:${udpPort} udp; proxy_timeout 1s; proxy_pass 127.0.0.1:${datagramBackend}; }`,
});

beforeAll(async () => {
  const free = await freePorts(10);
  [front = 0, http2Port = 0, tcpPort = 0, udpPort = 0, nobodys = 0] = free;
  [grpcBackend = 0, streamBackend = 0, datagramBackend = 0] = free.slice(5);
  ports = free.slice(8);
  resolver = (await startFakeDns()).address;
  servers = await Promise.all(ports.map((port) => listen(port)));
  await startEchoes({ grpc: grpcBackend, tcp: streamBackend, udp: datagramBackend });
  nginx = await startNginx(config(ports));
  const folder = tempDir('healthy');
  const plugin = readablePlugin();
  diagnose = (nginxConf = nginx.conf) => {
    const conf = join(folder, 'nginx-upstream.conf');
    writeFileSync(conf, `jobs:\n  - name: test\n    nginx_conf: ${nginxConf}\n`);
    return run(process.execPath, [plugin, 'diagnose', '--config', conf], {
      env: { ...process.env, NETDATA_LIB_DIR: folder },
    });
  };
});

afterAll(() => {
  for (const server of servers) server.close();
});

const websocket = (path: string) =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n`;

/** A stream of gRPC that stays open for a while, and ends as it should. */
async function streamGrpc(): Promise<void> {
  const session = connectHttp2(`http://127.0.0.1:${http2Port}`);
  atEnd(() => session.destroy());
  const stream = session.request({
    ':method': 'POST',
    ':path': '/a.B/C',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  let echoed = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    echoed += text;
  });
  for (const each of ['one ', 'two ', 'three']) {
    stream.write(each);
    await sleep(200);
  }
  stream.end();
  await once(stream, 'end');
  session.close();
  expect(echoed).toBe('one two three');
}

/** The echo of a TCP connection that is kept. */
async function talkTcp(): Promise<Socket> {
  const socket = connect(tcpPort, '127.0.0.1', () => socket.write('hello'));
  atEnd(() => socket.destroy());
  const [echo] = (await once(socket, 'data')) as [Buffer];
  expect(echo.toString()).toBe('hello');
  return socket;
}

async function talkUdp(): Promise<void> {
  const socket = createSocket('udp4');
  atEnd(() => socket.close());
  socket.send('hello', udpPort, '127.0.0.1');
  const [echo] = (await once(socket, 'message')) as [Buffer];
  expect(echo.toString()).toBe('hello');
}

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
      for (let n = 0; n < 5; n++) hold(websocket('/ws'));
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
      await nginx.reload(config(ports));
      await load;
    },
  ],
  ['answers without a body (304)', () => expectStatus('/304', 304)],
  ['HEAD requests', () => expectStatus('/', 200, 20, { method: 'HEAD' })],
  ['compressed answers', () => expectStatus('/text', 200, 10, { headers: { 'Accept-Encoding': 'gzip' } })],
  ['a peer that ends each connection after its answer', () => expectStatus('/closing', 200, 30)],
  ['authentication refused (401 by auth_request)', () => expectStatus('/private', 401, 20)],
  ['access forbidden (403 by auth_request)', () => expectStatus('/forbidden', 403, 20)],
  ['a login asked for by the application (401)', () => expectStatus('/401', 401, 20)],
  ['too many requests (429 by limit_req)', () => ask('/limited', 20)],
  ['a missing file (404 by nginx)', () => expectStatus('/file', 404, 20)],
  ['an error_page in place of a 404', () => expectStatus('/page', 404)],
  ...(has('ipv6')
    ? [
        [
          'one peer by IPv4, one by IPv6',
          async () => {
            await listen(ports[0] ?? 0, '::1');
            await expectStatus('/both', 200, 20);
          },
        ] as const,
      ]
    : []),
  ['a backup that is never asked', () => expectStatus('/spare', 200, 20)],
  ['a server that is marked down on purpose', () => expectStatus('/marked', 200, 20)],
  ['max_conns, nearly reached', () => ask('/few/slow', 4)],
  [
    'a cache: misses, hits, background updates',
    async () => {
      await ask('/cached', 10);
      await sleep(1100);
      await ask('/cached', 10);
    },
  ],
  ['mirrored requests', () => expectStatus('/mirrored', 200, 10)],
  ['large uploads', () => expectStatus('/', 200, 3, { method: 'POST', body: 'x'.repeat(20_000_000) })],
  [
    'clients that give up in the middle of a download',
    async () => {
      const gone = [0, 1, 2].map(() => hold('GET /large HTTP/1.1\r\nHost: x\r\n\r\n'));
      await Promise.all(gone.map((each) => once(each, 'data')));
      for (const each of gone) each.resetAndDestroy();
    },
  ],
  [
    'server-sent events, silent for a while',
    () => {
      for (let n = 0; n < 3; n++) hold('GET /events HTTP/1.1\r\nHost: x\r\n\r\n');
    },
  ],
  [
    'idle websockets that proxy_read_timeout ends',
    async () => {
      const sockets = [0, 1, 2].map(() => hold(websocket('/idle')).resume());
      await Promise.all(sockets.map((each) => once(each, 'close')));
    },
  ],
  ['gRPC streams', () => Promise.all([streamGrpc(), streamGrpc()])],
  [
    'a TCP stream: one in use, one that its client ended, one that its client broke',
    async () => {
      await talkTcp();
      (await talkTcp()).end();
      (await talkTcp()).resetAndDestroy();
    },
  ],
  ['a UDP stream', () => talkUdp()],
  [
    'a name that is resolved again, to the same address',
    async () => {
      await expectStatus('/named', 200, 5);
      await sleep(1200);
      await expectStatus('/named', 200, 5);
    },
  ],
  [
    'logs that are rotated and opened again',
    async () => {
      for (const log of [nginx.errorLog, nginx.accessLog]) renameSync(log, `${log}.1`);
      await nginx.reopen();
      await ask('/', 20);
    },
  ],
  [
    'logs that are empty: rotated by copying, and no traffic since',
    () => {
      for (const log of [nginx.errorLog, nginx.accessLog]) truncateSync(log);
    },
  ],
  [
    'a reload while long polls are under way: old workers continue',
    async () => {
      void ask('/poll', 3);
      await sleep(200);
      process.kill(nginx.pid, 'SIGHUP');
      await ask('/', 20);
    },
  ],
  // What it starts ends with its test: the last one.
  [
    'a deploy without a failure: one peer is taken out, replaced and put back',
    async () => {
      const [one = 0, two = 0] = ports;
      await nginx.reload(config([one]));
      servers[1]?.close();
      await ask('/', 20);
      servers[1] = await listen(two);
      await nginx.reload(config(ports));
      await ask('/', 20);
    },
  ],
];

async function expectHealthy(conf?: string): Promise<void> {
  const { code, stdout } = await diagnose(conf);
  expect(stdout).toMatch(
    /^Healthy: no upstream failure \(\d+ peers?\) in the last 10 min(?:, no client with a server error in the last minute)?\.\n$/,
  );
  expect(code).toBe(0);
}

test.each(situations)('%s', async (_, happen) => {
  await happen();
  await sleep(500);
  await expectHealthy();
});

test('a binary that is replaced', async () => {
  const daemon = await startDaemon();
  const before = daemon.master();
  await waitUntil(() => daemon.workers(before).length === 2, { what: 'its workers' });
  process.kill(before, 'SIGUSR2');
  await waitUntil(() => daemon.master() !== before && daemon.workers(daemon.master()).length === 2, {
    what: 'the new master',
  });
  await expectHealthy(daemon.conf);
  process.kill(before, 'SIGQUIT');
  await waitUntil(() => daemon.workers(before).length === 0, { what: 'the old workers to end' });
  await expectHealthy(daemon.conf);
});
