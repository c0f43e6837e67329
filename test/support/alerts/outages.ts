/**
 * Total outages, each of another kind, in their own upstreams: whatever status, page, protocol or log_format hides
 * them, an alert names the upstream. One nginx (`edge`) with a log_format that shows attempts and everything that goes
 * past it: access_log off, stream, mail, auth_request, error pages, a cache, a buffered log, names that are resolved.
 */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { type FakeDns, startFakeDns } from '../network/fake-dns.ts';
import { freePorts } from '../network/ports.ts';
import { startTraffic } from '../network/traffic.ts';
import { type Backend, type FullBacklog, startBackend, startFullBacklog } from '../servers/backend.ts';
import { type Nginx, startNginx } from '../servers/nginx.ts';
import { atEnd } from '../temp.ts';
import { sleep } from '../wait.ts';
import type { On } from './watch.ts';

export interface Outage {
  readonly cause: string;
  /** As the label of the alert has it. */
  readonly upstream: string;
  /** What must be raised, first the one that has to come in time. */
  readonly alerts: readonly (readonly [alert: string, status: 'WARNING' | 'CRITICAL'])[];
  /** What may be raised besides, later or for a moment. */
  readonly may?: readonly string[];
  /** Seconds from the first sign in which the first alert must be raised; 20 by default. */
  readonly within?: number;
  /** Seconds from the cause to its first sign: nginx's own timeout. */
  readonly sign?: number;
  /** Seconds that requests must have gone well before. */
  readonly calm?: number;
  begin(stage: OutageStage): unknown;
  end(stage: OutageStage): unknown;
}

export interface OutageStage {
  readonly nginx: Nginx;
  readonly conf: string;
  readonly dns: FakeDns;
  readonly deadDns: FakeDns;
  backend(name: string): Backend;
  /** Makes a listener that accepts nobody at the address of a backend that was stopped. */
  silence(name: string): Promise<void>;
  speak(name: string): Promise<void>;
  /** Requests a second to a location. */
  pace(location: string, perSecond: number): void;
}

const stop = (name: string): Pick<Outage, 'begin' | 'end'> => ({
  begin: ({ backend }) => backend(name).stop(),
  end: ({ backend }) => backend(name).restart(),
});
const behaves = (name: string, how: Parameters<Backend['behave']>[0]): Pick<Outage, 'begin' | 'end'> => ({
  begin: ({ backend }) => backend(name).behave(how),
  end: ({ backend }) => backend(name).behave({}),
});
const flows = (location: string, perSecond: number): Pick<Outage, 'begin' | 'end'> => ({
  begin: ({ pace }) => pace(location, perSecond),
  end: ({ pace }) => pace(location, 0),
});

/** `refused` is critical as soon as the 5xx of the entire server have doubled, whoever's they are. */
const uncovered = [['refused', 'WARNING']] as const;

export const outages: readonly Outage[] = [
  { cause: 'access_log off in the location', upstream: 'unlogged', alerts: uncovered, ...stop('unlogged') },
  { cause: 'a stream upstream', upstream: 'tcp', alerts: uncovered, ...stop('tcp') },
  {
    cause: 'a mail backend',
    upstream: 'MAIL',
    alerts: uncovered,
    ...stop('mail'),
  },
  { cause: 'an auth_request upstream', upstream: 'auth', alerts: uncovered, ...stop('auth') },
  {
    cause: 'a name gone from DNS',
    upstream: 'NAMED',
    alerts: [['unresolved', 'CRITICAL']],
    begin: ({ dns }) => dns.answer('nxdomain'),
    end: ({ dns }) => dns.answer('address'),
  },
  {
    cause: 'a dead resolver',
    upstream: 'RESOLVED',
    alerts: [['unresolved', 'CRITICAL']],
    sign: 3,
    begin: ({ deadDns }) => deadDns.answer('silent'),
    end: ({ deadDns }) => deadDns.answer('address'),
  },
  {
    cause: 'a wrong proxy_bind: 500',
    upstream: 'bound',
    alerts: [['clients_affected', 'CRITICAL']],
    ...flows('bound', 3),
  },
  {
    cause: 'error_page 502 =503',
    upstream: 'page503',
    alerts: [['clients_affected', 'CRITICAL']],
    ...stop('page503'),
  },
  { cause: 'error_page 502 =200', upstream: 'page200', alerts: [['clients_affected', 'WARNING']], ...stop('page200') },
  { cause: 'a stale cache', upstream: 'cached', alerts: [['clients_affected', 'WARNING']], ...stop('cached') },
  {
    cause: 'a TLS handshake that is never answered: 504',
    upstream: 'tls_silent',
    alerts: [['clients_affected', 'CRITICAL']],
    sign: 2,
    ...flows('tls_silent', 3),
  },
  {
    cause: 'a backend that accepts and hangs: 504',
    upstream: 'hanging',
    alerts: [['failing_after_connect', 'CRITICAL']],
    sign: 2,
    ...behaves('hanging', 'hang'),
  },
  {
    cause: 'a deploy that refuses for a second and then resets every request',
    upstream: 'deployed',
    alerts: [['failing_after_connect', 'CRITICAL']],
    may: ['clients_affected CRITICAL'],
    begin: async ({ backend }) => {
      await backend('deployed').stop();
      await sleep(1_000);
      backend('deployed').behave('reset');
      await backend('deployed').restart();
    },
    end: ({ backend }) => backend('deployed').behave({}),
  },
  {
    cause: 'access_log off, and every request is reset',
    upstream: 'unlogged_reset',
    alerts: [['failing_after_connect', 'WARNING']],
    ...behaves('unlogged_reset', 'reset'),
  },
  {
    cause: 'SYNs that nobody answers, long before proxy_connect_timeout',
    upstream: 'dropping',
    alerts: [['connect_timeouts', 'CRITICAL']],
    ...flows('dropping', 1),
  },
  {
    cause: 'one peer refuses and is hidden, the other hangs',
    upstream: 'refuse_hang',
    alerts: [['failing_after_connect', 'CRITICAL']],
    sign: 2,
    begin: async ({ backend }) => {
      await backend('refuse_hang').stop();
      backend('refuse_hang_b').behave('hang');
    },
    end: async ({ backend }) => {
      backend('refuse_hang_b').behave({});
      await backend('refuse_hang').restart();
    },
    may: ['redundancy_lost WARNING'],
  },
  {
    cause: 'one peer refuses, the other drops SYNs',
    upstream: 'refuse_drop',
    alerts: [
      ['connect_timeouts', 'CRITICAL'],
      ['clients_affected', 'CRITICAL'],
    ],
    // Once the peer accepts again, connections that waited for it are made, late.
    may: ['connect_time WARNING', 'connect_time CRITICAL'],
    within: 25,
    begin: async ({ backend, silence }) => {
      await backend('refuse_drop').stop();
      await silence('refuse_drop_b');
    },
    end: async ({ backend, speak }) => {
      await speak('refuse_drop_b');
      await backend('refuse_drop').restart();
    },
  },
  {
    cause: 'an access log with buffer and flush=10s',
    upstream: 'buffered',
    alerts: [['clients_affected', 'CRITICAL']],
    within: 32,
    ...stop('buffered'),
  },
  {
    cause: 'six requests a minute, all failing',
    upstream: 'six',
    alerts: [['clients_affected', 'CRITICAL']],
    within: 60,
    ...stop('six'),
  },
  {
    cause: 'fail_timeout=30s, both peers refuse',
    upstream: 'slow_retry',
    alerts: [
      ['clients_affected', 'CRITICAL'],
      ['no_live', 'CRITICAL'],
    ],
    begin: async ({ backend }) => {
      await backend('slow_retry').stop();
      await backend('slow_retry_b').stop();
    },
    end: async ({ backend }) => {
      await backend('slow_retry').restart();
      await backend('slow_retry_b').restart();
    },
    may: ['peer_unavailable WARNING'],
  },
];

export const outageFormat =
  '$status $request_time [$time_local] $proxy_host "$upstream_addr" "$upstream_status" "$upstream_connect_time" ' +
  '"$upstream_header_time" "$upstream_response_time"';

const names = [
  ...[
    'unlogged',
    'tcp',
    'mail',
    'auth',
    'app',
    'page503',
    'page200',
    'cached',
    'hanging',
    'deployed',
    'unlogged_reset',
  ],
  ...['refuse_hang', 'refuse_hang_b', 'refuse_drop', 'refuse_drop_b', 'buffered', 'six', 'slow_retry', 'slow_retry_b'],
  ...['named', 'bound'],
];

/** A listener that takes connections and says nothing. */
async function startMute(): Promise<string> {
  const server = createServer((socket) => socket.on('error', () => undefined));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(() => {
    server.close();
  });
  const address = server.address();
  return `127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
}

/** Answers nginx's mail proxy where the mailbox is. */
async function startMailAuth(backend: Backend): Promise<string> {
  const server = createHttpServer((_request, response) => {
    response
      .writeHead(200, { 'Auth-Status': 'OK', 'Auth-Server': '127.0.0.1', 'Auth-Port': String(backend.port) })
      .end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(() => {
    server.close();
  });
  const address = server.address();
  return `127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
}

/** Clients that log in by IMAP, or that only connect. */
function startClients(port: number, perSecond: number, text: string | null): void {
  const timer = setInterval(() => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', () => undefined);
    if (text !== null) socket.once('data', () => socket.write(text));
    setTimeout(() => socket.destroy(), 2_000);
  }, 1000 / perSecond);
  atEnd(() => clearInterval(timer));
}

export async function startOutageStage(): Promise<OutageStage> {
  const [front = 0, tcpPort = 0, imap = 0] = await freePorts(3);
  const backends = new Map<string, Backend>();
  for (const name of names) backends.set(name, await startBackend({ keepalive: false }));
  const backend = (name: string): Backend => {
    const found = backends.get(name);
    if (!found) throw new Error(`no backend ${name}`);
    return found;
  };
  const at = (name: string) => backend(name).address;
  const dns = await startFakeDns();
  const deadDns = await startFakeDns();
  const mute = await startMute();
  const dropping = await startFullBacklog();
  const group = (name: string, ...peers: readonly string[]) =>
    `upstream ${name} { ${(peers.length > 0 ? peers : [at(name)]).map((peer) => `server ${peer};`).join(' ')} }`;
  const location = (name: string, more = '') => `location /${name} { proxy_pass http://${name}; ${more} }`;
  const nginx = await startNginx({
    accessLog: [],
    // Clients of upstreams that hang hold two each.
    events: 'worker_connections 4096;',
    http: `
      log_format attempts '${outageFormat}';
      access_log logs/access.log attempts;
      proxy_cache_path temp/cache keys_zone=cache:1m;
      ${['unlogged', 'auth', 'app', 'page503', 'page200', 'cached', 'hanging', 'deployed', 'unlogged_reset', 'six', 'bound'].map((name) => group(name)).join('\n')}
      ${group('tls_silent', mute)}
      ${group('dropping', dropping.address)}
      ${group('buffered')}
      ${group('refuse_hang', `${at('refuse_hang')} max_fails=0`, `${at('refuse_hang_b')} max_fails=0`)}
      ${group('refuse_drop', `${at('refuse_drop')} max_fails=0`, `${at('refuse_drop_b')} max_fails=0`)}
      ${group('slow_retry', `${at('slow_retry')} fail_timeout=30s`, `${at('slow_retry_b')} fail_timeout=30s`)}
      server {
        listen 127.0.0.1:${front};
        resolver ${dns.address} valid=1s ipv6=off;
        resolver_timeout 2s;
        ${location('unlogged', 'access_log off;')}
        ${location('unlogged_reset', 'access_log off;')}
        location /authed { auth_request /auth; proxy_pass http://app; }
        location = /auth { internal; proxy_pass http://auth; }
        location /named { set $name app.test; proxy_pass http://$name:${backend('named').port}; }
        location /resolved {
          resolver ${deadDns.address} valid=1s ipv6=off;
          set $name dead.test;
          proxy_pass http://$name:${backend('named').port};
        }
        ${location('bound', 'proxy_bind 192.0.2.1;')}
        ${location('page503', 'error_page 502 =503 /sorry;')}
        ${location('page200', 'error_page 502 =200 /sorry;')}
        location = /sorry { return 200 "sorry"; }
        ${location('cached', 'proxy_cache cache; proxy_cache_valid 200 1s; proxy_cache_use_stale error; proxy_cache_key x;')}
        location /tls_silent { proxy_pass https://tls_silent; proxy_connect_timeout 2s; }
        ${location('hanging', 'proxy_read_timeout 2s;')}
        ${location('deployed')}
        ${location('dropping')}
        ${location('refuse_hang', 'proxy_read_timeout 2s; proxy_next_upstream error;')}
        ${location('refuse_drop', 'proxy_connect_timeout 10s;')}
        ${location('buffered', `access_log logs/buffered.log attempts buffer=64k flush=10s;`)}
        ${location('six')}
        ${location('slow_retry')}
      }`,
    stream: `${group('tcp')} server { listen 127.0.0.1:${tcpPort}; proxy_pass tcp; proxy_timeout 1s; }`,
    mail: `auth_http ${await startMailAuth(backend('mail'))}; imap_auth plain; server { listen 127.0.0.1:${imap}; protocol imap; }`,
  });
  const traffic = new Map(
    [
      'unlogged',
      'unlogged_reset',
      'authed',
      'named',
      'resolved',
      'bound',
      'page503',
      'page200',
      'cached',
      'tls_silent',
      'hanging',
    ]
      .concat(['deployed', 'dropping', 'refuse_hang', 'refuse_drop', 'buffered', 'six', 'slow_retry'])
      .map((path) => {
        const isLater = ['bound', 'tls_silent', 'dropping'].includes(path);
        return [
          path,
          startTraffic(`http://127.0.0.1:${front}/${path}`, isLater ? 0 : path === 'six' ? 0.1 : 3),
        ] as const;
      }),
  );
  startClients(tcpPort, 2, null);
  startClients(imap, 2, 'a LOGIN user password\r\n');
  const mutes = new Map<string, FullBacklog>();
  const log = (path: string) => `      - path: ${path}\n        format: attempts\n`;
  return {
    nginx,
    conf: `  - name: edge\n    nginx_conf: ${nginx.conf}\n    error_log: ${nginx.errorLog}\n    access_log:\n${log(nginx.accessLog)}${log(join(nginx.prefix, 'logs/buffered.log'))}`,
    dns,
    deadDns,
    backend,
    async silence(name) {
      await backend(name).stop();
      mutes.set(name, await startFullBacklog({ port: backend(name).port }));
    },
    async speak(name) {
      await mutes.get(name)?.stop();
      await backend(name).restart();
    },
    pace: (path, perSecond) => traffic.get(path)?.pace(perSecond),
  };
}

/** Inferred from the 5xx of the entire server, `refused` is critical as soon as anything else there fails, too. */
export const statusesOf = (alert: string, status: 'WARNING' | 'CRITICAL'): readonly ('WARNING' | 'CRITICAL')[] =>
  alert === 'refused' ? ['WARNING', 'CRITICAL'] : [status];

/** The labels of upstreams whose names hold a port. */
export function labelOf({ upstream }: Outage, { backend }: OutageStage): On {
  if (upstream === 'MAIL') return { upstream: backend('mail').address };
  if (upstream === 'RESOLVED') return { upstream: `dead.test:${backend('named').port}` };
  return { upstream: upstream === 'NAMED' ? `app.test:${backend('named').port}` : upstream };
}
