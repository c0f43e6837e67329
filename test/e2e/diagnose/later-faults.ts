/** Faults behind the connection, of names, of rules for nginx alone, and before the first line of the log: really done. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../support/run.ts';
import { tool } from '../../support/servers/packages.ts';
import { atEnd } from '../../support/temp.ts';
import { waitUntil } from '../../support/wait.ts';
import { passTo, peer, remote } from './faults.ts';
import { type Fault, failUntil, type Site, sleep, startApp } from './world.ts';

const app = async ({ world, port }: Site, does: 'ok' | 'error' | 'reset' | 'hang' | 'silent') => {
  await startApp(world.back, { host: '0.0.0.0', port, does });
};

/** A rule for what goes out of nginx's host. */
async function outgoing({ world }: Site, rule: string): Promise<void> {
  const nft = await tool('nft');
  const input = `table inet o { chain c { type filter hook output priority 0;\n${rule}\n}\n}\n`;
  const [command = '', ...rest] = world.front.within;
  const { code, stderr } = await run(command, [...rest, nft.path, '-f', '-'], { env: nft.env, input });
  if (code !== 0) throw new Error(`nft: ${stderr}`);
}

/** A certificate that nobody has signed. */
async function certificate(dir: string): Promise<string> {
  const { path, env } = await tool('openssl');
  const folder = join(dir, 'tls');
  mkdirSync(folder, { mode: 0o755 });
  const key = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    join(folder, 'key.pem'),
  ];
  const named = ['-subj', '/CN=app.test', '-days', '2', '-out', join(folder, 'cert.pem')];
  const { code, stderr } = await run(path, ['req', '-x509', ...key, ...named], { env });
  if (code !== 0) throw new Error(stderr);
  await run('chmod', ['-R', 'a+rX', folder], {});
  return folder;
}

const overTls =
  (more = '') =>
  (site: Site) => ({ pass: `proxy_pass https://${peer(site)}; ${more}` });

function workerUid({ world }: Site): number {
  const status = readFileSync(`/proc/${world.nginx.workers()[0]}/status`, 'utf8');
  return Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]);
}

/** As a plugin that has run for a minute would have written it down. */
function rememberListener(site: Site, pid: number): void {
  const { world } = site;
  const slug = world.nginx.conf.replace(/[^A-Za-z0-9]+/g, '_').slice(-100);
  const now = Date.now();
  const entry = { watchedSinceMs: now - 60_000, listeningMs: now, owner: { uid: 12345, user: '12345', pid } };
  const text = JSON.stringify({ [peer(site)]: entry });
  writeFileSync(join(world.lib, `nginx-upstream.listeners.${slug}.json`), text);
}

/** Works, then fails by a rule that concerns nginx alone. */
function ruled(name: string, rule: (site: Site) => string): Fault {
  return {
    name,
    cause: 'firewall_reject',
    ...remote,
    alone: true,
    provoke: async (site) => {
      const child = await startApp(site.world.back, { host: '0.0.0.0', port: site.port });
      await site.ask(1);
      rememberListener(site, child.pid);
      await outgoing(site, rule(site));
      await failUntil(site, new RegExp(`\\((?:111|113|1): .*${peer(site)}`), 2);
    },
  };
}

export const laterFaults: readonly Fault[] = [
  ruled(
    'REJECT for nginx’s user',
    (site) => `meta skuid ${workerUid(site)} tcp dport ${site.port} reject with tcp reset`,
  ),
  {
    name: 'IPv6 only, and the name is 127.0.0.1',
    cause: 'wrong_bind_address',
    subject: ({ port }) => `127.0.0.1:${port}`,
    http: passTo(({ port }) => `app.lan:${port}`),
    before: async ({ world, port }) => {
      world.front.setHosts('127.0.0.1 localhost\n::1 localhost\n127.0.0.1 app.lan');
      await startApp(world.front, { host: '::', port, ipv6Only: true });
    },
    provoke: (site) => failUntil(site, new RegExp(`\\(111: .*127.0.0.1:${site.port}`)),
  },
  {
    name: 'proxy_bind of another host',
    cause: 'no_local_address',
    subject: peer,
    http: (site) => ({ pass: `proxy_bind 10.99.0.1; proxy_pass http://${peer(site)};` }),
    before: (site) => app(site, 'ok'),
    provoke: (site) => failUntil(site, /\(99: /),
  },
  {
    name: 'proxy_bind with an address that leads nowhere',
    cause: 'no_local_address',
    subject: peer,
    http: (site) => ({ pass: `proxy_bind 127.0.0.1; proxy_pass http://${peer(site)};` }),
    before: (site) => app(site, 'ok'),
    provoke: (site) => failUntil(site, /\(22: /),
  },
  {
    name: 'a route of type unreachable',
    cause: 'no_route',
    subject: ({ port }) => `192.0.2.9:${port}`,
    http: passTo(({ port }) => `192.0.2.9:${port}`),
    before: async ({ world }) => {
      const { path } = await tool('ip');
      await world.front.run(path, ['route', 'replace', 'unreachable', '192.0.2.9']);
    },
    provoke: (site) => failUntil(site, /\(113: .*192.0.2.9/),
  },
  {
    name: 'nginx’s own worker is stopped',
    cause: 'hangs',
    subject: () => 'nginx',
    http: passTo(peer),
    before: (site) => app(site, 'ok'),
    provoke: async (site) => {
      await site.ask(1);
      const [worker = 0] = site.world.nginx.workers();
      process.kill(worker, 'SIGSTOP');
      atEnd(() => process.kill(worker, 'SIGCONT'));
      site.hang(3);
    },
    alone: true,
  },
  {
    name: 'a name that does not exist',
    cause: 'unresolved',
    subject: () => 'nowhere.test',
    http: () => ({
      pass: 'resolver 127.0.0.1:5399 ipv6=off; resolver_timeout 1s; set $b nowhere.test; proxy_pass http://$b;',
    }),
    provoke: (site) => failUntil(site, /nowhere\.test could not be resolved/),
  },
  {
    name: 'certificate not signed by a known CA',
    cause: 'tls',
    subject: peer,
    http: overTls('proxy_ssl_verify on; proxy_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;'),
    before: async ({ world, port, dir }) => {
      await startApp(world.back, { host: '0.0.0.0', port, tls: await certificate(dir) });
    },
    provoke: (site) => failUntil(site, /verify error/),
  },
  {
    name: 'https to a port that speaks http',
    cause: 'tls',
    subject: peer,
    http: overTls(),
    before: (site) => app(site, 'ok'),
    provoke: (site) => failUntil(site, /SSL_do_handshake/),
  },
  {
    name: 'a handshake that is never answered',
    cause: 'tls',
    subject: peer,
    http: overTls(),
    before: (site) => app(site, 'silent'),
    provoke: (site) => failUntil(site, /timed out.*SSL handshaking/),
  },
  {
    name: 'the application answers 502 itself',
    cause: 'application_error',
    ...remote,
    before: (site) => app(site, 'error'),
    provoke: async (site) => {
      await site.ask(5);
    },
  },
  {
    name: 'every request is reset',
    cause: 'breaks_after_connect',
    ...remote,
    before: (site) => app(site, 'reset'),
    provoke: (site) => failUntil(site, /\(104: /, 3),
  },
  {
    name: 'no answer in time',
    cause: 'hangs',
    subject: peer,
    http: (site) => ({ pass: `proxy_read_timeout 1s; proxy_pass http://${peer(site)};` }),
    before: (site) => app(site, 'hang'),
    provoke: (site) => failUntil(site, /timed out.*reading response header/),
  },
  {
    name: 'stopped by SIGSTOP, before any line is written',
    cause: 'hangs',
    subject: peer,
    http: passTo(peer),
    provoke: async (site) => {
      const child = await startApp(site.world.back, { host: '0.0.0.0', port: site.port });
      await site.ask(1);
      child.signal('SIGSTOP');
      await sleep(6000);
      site.hang(5);
      await sleep(1000);
    },
  },
  {
    name: 'DROP, before any line is written',
    cause: 'no_answer',
    ...remote,
    connectTimeout: 60,
    before: (site) => app(site, 'ok'),
    provoke: async (site) => {
      await site.world.back.firewall(`tcp dport ${site.port} drop`);
      site.hang(20);
      await sleep(2000);
    },
  },
  {
    name: 'UDP, and nobody has the port',
    cause: 'process_down',
    subject: ({ port }) => `127.0.0.1:${port}`,
    http: () => ({ pass: 'return 200;' }),
    stream: ({ port }) =>
      `server { listen 127.0.0.1:${port + 50} udp; proxy_timeout 2s; proxy_pass 127.0.0.1:${port}; }`,
    provoke: async (site) => {
      const { front, nginx } = site.world;
      const send = `const s = require('node:dgram').createSocket('udp4'); s.send('x', ${site.port + 50}, '127.0.0.1', () => setTimeout(() => s.close(), 200));`;
      await waitUntil(
        async () => {
          await front.run(process.execPath, ['-e', send]);
          return (await nginx.errorLines(/(?:)/)).some((line) => line.includes('udp client'));
        },
        { what: 'a refused datagram', timeout: 8000 },
      );
    },
    alone: true,
  },
  {
    name: 'mail’s auth_http refuses',
    cause: 'process_down',
    subject: ({ port }) => `127.0.0.1:${port}`,
    http: () => ({ pass: 'return 200;' }),
    mail: ({ port }) =>
      `auth_http 127.0.0.1:${port}/auth; server { listen 127.0.0.1:${port + 60}; protocol pop3; pop3_auth plain; }`,
    provoke: async (site) => {
      const talk = `const s = require('node:net').connect(${site.port + 60}, '127.0.0.1'); s.on('error', () => {});
        s.write('USER a\\r\\n'); setTimeout(() => s.write('PASS b\\r\\n'), 200); setTimeout(() => s.destroy(), 600);`;
      await site.world.front.run(process.execPath, ['-e', talk]);
      await site.world.nginx.errorLines(/in http auth state/);
    },
    alone: true,
  },
  {
    name: 'one name for two, and another upstream has the other',
    cause: 'localhost_family',
    subject: ({ port }) => `[::1]:${port}`,
    http: ({ port }) => ({
      upstream: `server { listen unix:/tmp/nu-claimed-${port}.sock; location / { proxy_pass http://127.0.0.1:${port}; } }`,
      pass: `proxy_pass http://localhost:${port};`,
    }),
    before: async ({ world, port }) => {
      await startApp(world.front, { host: '127.0.0.1', port });
    },
    provoke: (site) => failUntil(site, new RegExp(`\\(111: .*\\[::1\\]:${site.port}`), 4),
  },
];
