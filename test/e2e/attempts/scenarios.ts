/**
 * A real nginx and everything that can become of an attempt, each once or more, in a known order: refused, retried, no
 * live peer, redirected, reused, stale, TLS, timeouts, aborts, sockets. Any number of log_formats is written at once.
 */
import { once } from 'node:events';
import { chmodSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { AccessAttempt } from '../../../collector/parse/access/json.ts';
import { has } from '../../support/machine.ts';
import { freePorts } from '../../support/network/ports.ts';
import { request } from '../../support/network/request.ts';
import { startBackend, startFullBacklog } from '../../support/servers/backend.ts';
import { type Nginx, startNginx } from '../../support/servers/nginx.ts';
import { atEnd, tempDir } from '../../support/temp.ts';
import { waitUntil } from '../../support/wait.ts';

/** One attempt as the log has it, a null for each `-`. */
export type Attempt = AccessAttempt;

export interface Line {
  readonly uri: string;
  readonly status: number;
  readonly requestTimeMs: number;
  readonly method: string;
  readonly upstream: string | null;
  readonly attempts: readonly Attempt[];
}

export interface Scenario {
  readonly name: string;
  readonly path: string;
  /** Client's status, then per attempt: peer, status, whether a connect and a header time are known. */
  readonly expected: string;
}

/** `$upstream_…` in full, separated by tabs, which no value here contains: read back by splitting, on purpose naively. */
const reference = [
  'request_uri',
  'status',
  'request_time',
  'request_method',
  'proxy_host',
  'upstream_addr',
  'upstream_status',
  'upstream_connect_time',
  'upstream_header_time',
  'upstream_response_time',
];

export function readReference(text: string): Line[] {
  const ms = (item: string | undefined) =>
    item === undefined || item === '-' ? null : Math.round(Number(item) * 1000);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [uri = '', status, time, method = '', host = '-', addresses = '-', ...rest] = line.split('\t');
      const [statuses = [], connects = [], headers = [], responses = []] = rest.map((list) => list.split(/, | : /));
      const peers = addresses.split(/, | : /);
      const redirect = addresses.indexOf(' : ');
      const before = redirect === -1 ? peers.length : addresses.slice(0, redirect).split(', ').length;
      return {
        uri,
        status: Number(status),
        requestTimeMs: ms(time) ?? -1,
        method,
        upstream: host === '-' ? null : host,
        attempts:
          addresses === '-'
            ? []
            : peers.map((peer, i) => ({
                peer: peer === '-' ? null : peer,
                status: statuses[i] === '-' ? null : Number(statuses[i]),
                connectMs: ms(connects[i]),
                headerMs: ms(headers[i]),
                responseMs: ms(responses[i]),
                redirected: i >= before,
              })),
      };
    });
}

export interface Run {
  readonly nginx: Nginx;
  readonly lines: readonly Line[];
  /** Short names of the peers in `expected`. */
  readonly peers: Readonly<Record<string, string>>;
  /** Requests that reached the backend that answers, and those that only connected elsewhere. */
  readonly answered: number;
  readonly log: (name: string) => string;
  readonly scenarios: readonly Scenario[];
}

export const scenarios: readonly Scenario[] = [
  { name: 'refused, single peer', path: '/refused', expected: '502 dead:502--' },
  { name: 'refused, a POST', path: '/refused', expected: '502 dead:502--' },
  { name: 'refused, then answered', path: '/retried', expected: '200 dead:502-- ok:200ch' },
  { name: 'all refused', path: '/allrefused', expected: '502 dead:502-- dead2:502--' },
  { name: 'the last live peers fail', path: '/nolive', expected: '502 dead:502-- dead2:502--' },
  { name: 'no live peer', path: '/nolive', expected: '502 gone:502--' },
  { name: 'error_page to another upstream', path: '/errorpage', expected: '200 dead:502-- *ok:200ch' },
  { name: 'two failures, then error_page', path: '/errorpage2', expected: '200 dead:502-- dead2:502-- *ok:200ch' },
  { name: 'error_page to a static answer', path: '/static', expected: '200 dead:502--' },
  { name: 'X-Accel-Redirect', path: '/accel', expected: '200 accel:200ch *ok:200ch' },
  { name: 'keepalive, connecting', path: '/keepalive', expected: '200 ok:200ch' },
  { name: 'keepalive, reused', path: '/keepalive', expected: '200 ok:200ch' },
  { name: 'a connection to go stale', path: '/stale', expected: '200 stale:200ch' },
  { name: 'stale keepalive', path: '/stale', expected: '200 stale:502c- stale:200ch' },
  { name: 'unix socket', path: '/unix', expected: '200 unix:200ch' },
  { name: 'unix socket missing', path: '/unixmissing', expected: '502 missing:502--' },
  { name: 'unix socket without permission', path: '/unixdenied', expected: '502 denied:502--' },
  { name: 'unix socket with a full queue', path: '/unixfull', expected: '502 full:502--' },
  ...(has('ipv6') ? [{ name: 'IPv6 peer refused', path: '/v6', expected: '502 v6:502--' }] : []),
  { name: 'connect timeout', path: '/ctimeout', expected: '504 deaf:504--' },
  { name: 'TLS handshake failure', path: '/tlsplain', expected: '502 ok:502--' },
  { name: 'TLS handshake timeout', path: '/tlshang', expected: '504 mute:504--' },
  { name: 'accepted and reset', path: '/reset', expected: '502 reset:502c-' },
  { name: 'closed early', path: '/early', expected: '502 early:502c-' },
  { name: 'too big a header', path: '/big', expected: '502 big:502c-' },
  { name: 'read timeout', path: '/rtimeout', expected: '504 hang:504c-' },
  { name: 'answered 503 by the backend', path: '/busy', expected: '503 busy:503ch' },
  { name: 'answered 503, then by another peer', path: '/busy2', expected: '200 busy:503ch ok:200ch' },
  { name: 'client abort while waiting', path: '/abortwait', expected: '499 hang:-c-' },
  { name: 'client abort while connecting', path: '/abortconnect', expected: '499 deaf:---' },
  { name: 'refused under a URI of 2 KB', path: `/refused?${'x'.repeat(2048)}`, expected: '502 dead:502--' },
  { name: 'no upstream asked', path: '/local', expected: '404' },
  { name: 'a name that does not resolve', path: '/unresolved', expected: '502' },
  { name: 'success', path: '/ok', expected: '200 ok:200ch' },
];

/** One line as a scenario's `expected` writes it. */
export function inBrief({ status, attempts }: Line, peers: Run['peers']): string {
  const alias = (peer: string | null) => Object.entries(peers).find(([, name]) => name === peer)?.[0] ?? peer;
  const shown = attempts.map(
    (a) =>
      `${a.redirected ? '*' : ''}${alias(a.peer)}:${a.status ?? '-'}${a.connectMs === null ? '-' : 'c'}${a.headerMs === null ? '-' : 'h'}`,
  );
  return [status, ...shown].join(' ');
}

/**
 * @param formats `log_format` directives, complete, whose names are also the names of their files
 * @param more what else stands in http { }
 */
export async function playScenarios(formats: readonly { name: string; directive: string }[], more = ''): Promise<Run> {
  const [front = 0, dead = 0, dead2 = 0, v6 = 0] = await freePorts(4);
  const dir = tempDir('peers');
  const ok = await startBackend();
  const [reset, early, big, hang, busy] = await Promise.all(
    (['reset', 'close_early', 'big_header', 'hang', { status: 503 }] as const).map((behave) =>
      startBackend({ behave }),
    ),
  );
  if (!reset || !early || !big || !hang || !busy) throw new Error('all were started');
  const accel = await startBackend({ behave: { headers: { 'X-Accel-Redirect': '/ok' } } });
  const unix = await startBackend({ path: join(dir, 'ok.sock') });
  const denied = await startBackend({ path: join(dir, 'denied.sock') });
  chmodSync(join(dir, 'ok.sock'), 0o777);
  chmodSync(join(dir, 'denied.sock'), 0);
  const full = await startFullBacklog({ path: join(dir, 'full.sock') });
  chmodSync(join(dir, 'full.sock'), 0o777);
  const deaf = await startFullBacklog();
  const seen = new WeakSet<object>();
  const stale = await startBackend({
    behave: ({ socket }, response) => {
      // The second request on a connection finds it closed, as when a backend's keepalive timeout just ran out.
      if (seen.has(socket)) socket.destroy();
      else response.end('ok\n');
      seen.add(socket);
    },
  });
  const mute = createServer(() => {}).listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const muteSockets = new Set<{ destroy(): void }>();
  mute.on('connection', (socket) => {
    muteSockets.add(socket);
    socket.on('error', () => undefined);
  });
  atEnd(() => {
    for (const socket of muteSockets) socket.destroy();
    mute.close();
  });
  const mutePort = (mute.address() as { port: number }).port;

  const nginx = await startNginx({
    accessLog: [],
    http: `
      log_format reference '${reference.map((name) => `$${name}`).join('\\t')}';
      ${more}
      ${formats.map(({ directive }) => directive).join('\n')}
      ${['reference', ...formats.map(({ name }) => name)].map((name) => `access_log logs/${name}.log ${name};`).join('\n')}
      large_client_header_buffers 4 16k;
      proxy_connect_timeout 400ms; proxy_read_timeout 400ms;
      upstream retried { server 127.0.0.1:${dead} max_fails=0; server ${ok.address} backup; }
      upstream all { server 127.0.0.1:${dead} max_fails=0 weight=2; server 127.0.0.1:${dead2} max_fails=0 backup; }
      upstream gone { server 127.0.0.1:${dead}; server 127.0.0.1:${dead2} backup; }
      upstream fallback { server ${ok.address}; }
      upstream kept { server ${ok.address}; keepalive 4; }
      upstream aging { server ${stale.address}; keepalive 4; }
      upstream busy { server ${busy.address} max_fails=0; server ${ok.address} backup; }
      server {
        listen 127.0.0.1:${front};
        location /refused { proxy_pass http://127.0.0.1:${dead}; }
        location /retried { proxy_pass http://retried; }
        location /allrefused { proxy_pass http://all; }
        location /nolive { proxy_pass http://gone; }
        location /errorpage { proxy_pass http://127.0.0.1:${dead}; error_page 502 = @fallback; }
        location /errorpage2 { proxy_pass http://all; error_page 502 = @fallback; }
        location @fallback { proxy_pass http://fallback; }
        location /static { proxy_pass http://127.0.0.1:${dead}; error_page 502 =200 @static; }
        location @static { return 200 "sorry\\n"; }
        location /accel { proxy_pass http://${accel.address}; }
        location /keepalive { proxy_pass http://kept; proxy_http_version 1.1; proxy_set_header Connection ""; }
        location /stale { proxy_pass http://aging; proxy_http_version 1.1; proxy_set_header Connection ""; }
        location /unix { proxy_pass http://${unix.address}:/; }
        location /unixmissing { proxy_pass http://unix:${dir}/missing.sock:/; }
        location /unixdenied { proxy_pass http://${denied.address}:/; }
        location /unixfull { proxy_pass http://${full.address}:/; }
        location /v6 { proxy_pass http://[::1]:${v6}; }
        location /ctimeout { proxy_pass http://${deaf.address}; }
        location /tlsplain { proxy_pass https://${ok.address}; }
        location /tlshang { proxy_pass https://127.0.0.1:${mutePort}; }
        location /reset { proxy_pass http://${reset.address}; }
        location /early { proxy_pass http://${early.address}; }
        location /big { proxy_pass http://${big.address}; }
        location /rtimeout { proxy_pass http://${hang.address}; }
        location /busy { proxy_pass http://${busy.address}; }
        location /busy2 { proxy_pass http://busy; proxy_next_upstream http_503; }
        location /abortwait { proxy_pass http://${hang.address}; proxy_read_timeout 20s; }
        location /abortconnect { proxy_pass http://${deaf.address}; proxy_connect_timeout 20s; }
        location /local { return 404; }
        location /unresolved { set $where nowhere.invalid; proxy_pass http://$where; }
        location /ok { proxy_pass http://${ok.address}; }
      }`,
  });

  const log = (name: string) => readFileSync(join(nginx.prefix, `logs/${name}.log`), 'utf8');
  for (const [i, { name, path }] of scenarios.entries()) {
    await request(`http://127.0.0.1:${front}${path}`, {
      method: name.endsWith('POST') ? 'POST' : 'GET',
      // What ends no value, and what could end one.
      headers: { 'User-Agent': 'tester "1.0" 200 1.000 \\', Referer: 'http://x/, 10.0.0.1:80 : 502' },
      timeout: name.includes('abort') ? 300 : 10_000,
    }).catch((error: unknown) => {
      if (!name.includes('abort')) throw error;
    });
    await waitUntil(() => log('reference').split('\n').length > i + 1, { what: `the line of: ${name}` });
  }
  return {
    nginx,
    lines: readReference(log('reference')),
    answered: ok.requests(),
    log,
    scenarios,
    peers: {
      dead: `127.0.0.1:${dead}`,
      dead2: `127.0.0.1:${dead2}`,
      v6: `[::1]:${v6}`,
      ok: ok.address,
      unix: unix.address,
      missing: `unix:${dir}/missing.sock`,
      denied: denied.address,
      full: full.address,
      deaf: deaf.address,
      mute: `127.0.0.1:${mutePort}`,
      reset: reset.address,
      early: early.address,
      big: big.address,
      hang: hang.address,
      busy: busy.address,
      accel: accel.address,
      stale: stale.address,
      gone: 'gone',
    },
  };
}
