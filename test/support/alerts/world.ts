/**
 * One Netdata and the nginxes that the scenarios of the alerts share: each upstream is the stage of one scenario.
 *
 *   const world = await startAlertWorld();
 *   world.backend('spare', 1).stop(); await world.watch.raised('redundancy_lost', 'WARNING', { upstream: 'spare' }, began);
 *
 * Jobs: `web` (a log_format that shows attempts), `stock` (combined, two workers), `small` (64 worker_connections),
 * `files` (few descriptors), `idle` (an nginx that is stopped on purpose), `dying` (one that is killed), `broken` (a log that
 * does not exist).
 */
import { join } from 'node:path';
import { freePorts } from '../network/ports.ts';
import { nginxTlsSettings, type SlowTls, startSlowTls } from '../network/slow-tls.ts';
import { type Held, holdClients, startTraffic, type Traffic } from '../network/traffic.ts';
import { type Backend, startBackend, startFullBacklog } from '../servers/backend.ts';
import { type Netdata, type NetdataOptions, startNetdata } from '../servers/netdata.ts';
import { type Nginx, type NginxConfig, startNginx } from '../servers/nginx.ts';
import { atEnd, tempDir } from '../temp.ts';
import { type Watch, watchAlerts } from './watch.ts';

/** What our snippet says, shorter. */
export const attemptsFormat =
  '$status $request_time $proxy_host "$upstream_addr" "$upstream_status" "$upstream_connect_time" "$upstream_response_time"';

export interface World {
  readonly netdata: Netdata;
  readonly watch: Watch;
  readonly nginx: Readonly<Record<'web' | 'stock' | 'small' | 'files' | 'idle' | 'dying', Nginx>>;
  readonly ports: Readonly<Record<'web' | 'stock' | 'small' | 'files' | 'idle' | 'dying', number>>;
  readonly traffic: Readonly<Record<string, Traffic>>;
  readonly tls: SlowTls;
  /** The log that job `broken` misses. */
  readonly missingLog: string;
  /** The n-th peer of an upstream, from 0. */
  backend(upstream: string, n?: number): Backend;
  url(nginx: keyof World['ports'], path: string): string;
  /** Clients of a backend that never answers. */
  hold(nginx: 'small' | 'files', count: number): Held;
  /** Clients that never send their request's body: each takes one connection and nothing else. */
  holdBodies(nginx: 'small', count: number): Held;
}

/** Upstreams of job `web` whose peers are backends: how many, and what its `server` lines say more. */
const groups: Readonly<Record<string, { readonly peers: number; readonly parameters?: string }>> = {
  affected: { peers: 1 },
  blip: { peers: 1 },
  spare: { peers: 2, parameters: '' },
  rolling: { peers: 3, parameters: '' },
  dead: { peers: 2 },
  survivors: { peers: 2, parameters: '' },
  application: { peers: 1 },
  sparse: { peers: 1 },
  rare: { peers: 1 },
  flapping: { peers: 2, parameters: 'fail_timeout=1s' },
  erratic: { peers: 1 },
};

export const dyingNginx = (port: number): NginxConfig => ({ http: `server { listen 127.0.0.1:${port}; return 204; }` });

/** @param options of Netdata, besides: other health files, who is notified */
export async function startAlertWorld(options: NetdataOptions = {}): Promise<World> {
  const [web = 0, stock = 0, small = 0, files = 0, idle = 0, dying = 0] = await freePorts(6);
  const ports = { web, stock, small, files, idle, dying };
  const backends = new Map<string, readonly Backend[]>();
  for (const [name, { peers }] of Object.entries(groups)) {
    backends.set(name, await Promise.all(Array.from({ length: peers }, () => startBackend())));
  }
  const backend: World['backend'] = (upstream, n = 0) => {
    const found = backends.get(upstream)?.[n];
    if (!found) throw new Error(`no peer ${n} of ${upstream}`);
    return found;
  };
  let asked = 0;
  backend('erratic').behave((_request, response) => {
    response.writeHead(asked++ % 20 === 0 ? 500 : 200).end('ok');
  });
  backends.set('stock_pair', [await startBackend(), await startBackend()]);
  backends.set('stock_single', [await startBackend()]);
  backends.set('shared', [await startBackend()]);
  backends.set('hang', [await startBackend({ behave: 'hang' })]);
  // Sockets of two nginx of one user to one peer cannot be distinguished.
  const hang = await startBackend({ behave: 'hang' });
  const silent = await startFullBacklog();
  const alsoSilent = await startFullBacklog();
  const beside = await startBackend();
  const tls = await startSlowTls(0);
  const addresses = (name: string): readonly string[] => (backends.get(name) ?? []).map(({ address }) => address);
  const group = (name: string, parameters = ''): string =>
    `upstream ${name} { ${addresses(name)
      .map((address) => `server ${address} ${parameters};`)
      .join(' ')} }`;
  const location = (name: string, more = ''): string => `location /${name} { proxy_pass http://${name}; ${more} }`;

  const nginx = {
    web: await startNginx({
      accessLog: [],
      http: `
        log_format attempts '${attemptsFormat}';
        access_log logs/access.log attempts;
        ${Object.entries(groups)
          .map(([name, { parameters }]) => group(name, parameters))
          .join('\n')}
        upstream shared_a { server ${addresses('shared')[0]}; }
        upstream shared_b { server ${addresses('shared')[0]}; }
        upstream silent { server ${silent.address}; }
        upstream half_silent { server ${alsoSilent.address} max_fails=0; server ${beside.address}; }
        upstream slow_tls { server ${tls.address}; }
        server {
          listen 127.0.0.1:${web};
          ${Object.keys(groups)
            .map((name) => location(name))
            .join('\n')}
          ${location('shared_a')} ${location('shared_b')}
          ${location('silent', 'proxy_connect_timeout 1s;')}
          ${location('half_silent', 'proxy_connect_timeout 1s;')}
          location /slow_tls { proxy_pass https://slow_tls; ${nginxTlsSettings} }
        }`,
    }),
    stock: await startNginx({
      workers: 2,
      http: `
        ${group('stock_pair')} ${group('stock_single')}
        server {
          listen 127.0.0.1:${stock};
          ${location('stock_pair')} ${location('stock_single')}
          location /status { stub_status; }
        }`,
    }),
    small: await startNginx({
      events: 'worker_connections 64;',
      accessLog: ['off'],
      http: `
        ${group('hang')}
        server { listen 127.0.0.1:${small}; ${location('hang', 'proxy_read_timeout 10m;')} location /status { stub_status; } }`,
    }),
    files: await startNginx({
      main: 'worker_rlimit_nofile 60;',
      accessLog: ['off'],
      http: `upstream hang { server ${hang.address}; } server { listen 127.0.0.1:${files}; ${location('hang', 'proxy_read_timeout 10m;')} }`,
    }),
    idle: await startNginx({
      http: `
        server {
          listen 127.0.0.1:${idle};
          location /idle { proxy_pass http://${beside.address}; }
          location /status { stub_status; }
        }`,
    }),
    dying: await startNginx(dyingNginx(dying)),
  };

  const missingLog = join(tempDir('missing'), 'error.log');
  const job = (name: keyof typeof nginx, more = ''): string =>
    `  - name: ${name}\n    nginx_conf: ${nginx[name].conf}\n    error_log: ${nginx[name].errorLog}\n${more}`;
  const log = (name: keyof typeof nginx, format: string): string =>
    `    access_log:\n      - path: ${nginx[name].accessLog}\n        format: '${format}'\n`;
  const status = (name: keyof typeof ports): string => `    stub_status: http://127.0.0.1:${ports[name]}/status\n`;
  const netdata = await startNetdata({
    plugin: {
      // More peers than have charts while they are fine: their alerts are to be seen before they fail.
      conf: `peer_charts: all\njobs:\n${[
        job('web', log('web', attemptsFormat)),
        job('stock', log('stock', 'combined') + status('stock')),
        job('small', status('small')),
        job('files'),
        job('dying'),
        job('idle', log('idle', 'combined') + status('idle')),
        `  - name: broken\n    nginx_conf: ${nginx.idle.conf}\n    error_log: ${missingLog}\n`,
      ].join('')}`,
    },
    health: 'alerts',
    ...options,
  });
  await netdata.chart('nginx_upstream_web.connect_failures');

  const url: World['url'] = (server, path) => `http://127.0.0.1:${ports[server]}/${path}`;
  const steady = (server: keyof typeof ports, path: string, pace: number) => [
    path,
    startTraffic(url(server, path), pace),
  ];
  const traffic: Record<string, Traffic> = Object.fromEntries([
    ...Object.keys(groups).map((name) => steady('web', name, name === 'sparse' || name === 'rare' ? 1 / 6 : 4)),
    steady('web', 'slow_tls', 4),
    steady('web', 'shared_a', 4),
    steady('web', 'silent', 0),
    steady('web', 'half_silent', 0),
    steady('idle', 'idle', 4),
    steady('stock', 'stock_pair', 4),
    steady('stock', 'stock_single', 4),
  ]);
  const held: Held[] = [];
  const keep = (clients: Held): Held => {
    held.push(clients);
    return clients;
  };
  atEnd(() => {
    for (const clients of held) clients.release();
  });
  return {
    netdata,
    watch: watchAlerts(netdata),
    nginx,
    ports,
    traffic,
    tls,
    missingLog,
    backend,
    url,
    hold: (server, count) => keep(holdClients(ports[server], 'GET /hang HTTP/1.1\r\nHost: localhost\r\n\r\n', count)),
    holdBodies: (server, count) =>
      keep(holdClients(ports[server], 'POST /hang HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n', count)),
  };
}
