/** Faults of real programs, and of a network that loses only large packets. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { peer, remote } from '../../e2e/diagnose/faults.ts';
import { type Fault, failUntil, type Site, sleep, startApp } from '../../e2e/diagnose/world.ts';
import { network, startHostBehind } from '../../support/hosts/two-hosts.ts';
import type { Child } from '../../support/process.ts';
import { run } from '../../support/run.ts';
import { tool } from '../../support/servers/packages.ts';
import { atEnd } from '../../support/temp.ts';

const socketOf = ({ dir, port }: Site): string => join(dir, `pool-${port}.sock`);

/** Debian's own php-fpm: its master is root, its one child is not. */
async function startPhp(site: Site): Promise<Child> {
  const { path, env } = await tool('php-fpm');
  const conf = join(site.dir, 'pool.conf');
  const log = join(site.dir, 'php.log');
  const script = join(site.dir, 'slow.php');
  writeFileSync(script, '<?php sleep(isset($_GET["fast"]) ? 0 : 60); echo "done";');
  chmodSync(script, 0o644);
  const pool = `user = nobody\ngroup = nogroup\nlisten = ${socketOf(site)}\nlisten.mode = 0666\npm = static\npm.max_children = 1`;
  writeFileSync(conf, `[global]\nerror_log = ${log}\ndaemonize = no\n[www]\n${pool}\n`);
  const child = site.world.front.start(path, ['-n', '-F', '-O', '-R', '-y', conf], { env });
  atEnd(() => child.stop('SIGKILL'));
  await child.waitForLine(/ready to handle connections/);
  return child;
}

const fastcgi =
  (to: (site: Site) => string, query = '') =>
  (site: Site) => ({
    pass: [
      `fastcgi_pass ${to(site)}; fastcgi_read_timeout 1s;`,
      `fastcgi_param SCRIPT_FILENAME ${join(site.dir, 'slow.php')}; fastcgi_param REQUEST_METHOD GET;`,
      `fastcgi_param QUERY_STRING "${query}";`,
    ].join(' '),
  });
const bySocket = {
  subject: (site: Site) => `unix:${socketOf(site)}`,
  http: fastcgi((site) => `unix:${socketOf(site)}`),
};

const application = `import os, time
def app(environment, start):
    if os.path.exists('stuck'):
        time.sleep(600)
    start('200 OK', [('Content-Length', '2')])
    return [b'ok']
`;

/** Debian's own gunicorn with one worker, which is stuck once there is a file `stuck`. */
async function startGunicorn({ world, dir, port }: Site, workerTimeout: number): Promise<Child> {
  const { path, env } = await tool('gunicorn');
  writeFileSync(join(dir, 'application.py'), application);
  const args = ['-b', `0.0.0.0:${port}`, '--chdir', dir, '--timeout', String(workerTimeout), '--graceful-timeout', '1'];
  const as = ['--reuid', '12345', '--regid', '12345', '--clear-groups', '--', path, '-B', '-m', 'gunicorn'];
  const child = world.back.start('setpriv', [...as, ...args, 'application:app'], { env });
  atEnd(() => child.stop('SIGTERM'));
  await child.waitForLine(/Booting worker/);
  return child;
}

const gunicorn = (name: string, cause: Fault['cause'], timeouts: string, provoke: Fault['provoke']): Fault => ({
  name,
  cause,
  subject: peer,
  http: (site) => ({ pass: `${timeouts} proxy_pass http://${peer(site)};` }),
  provoke,
});

const far = ({ port }: Site): string => `${network.replace('10.77.', '10.78.')}.2:${port}`;

/** Packets above 900 bytes are lost at `back`, and nobody hears of it. */
async function makeHole({ world }: Site): Promise<void> {
  const nft = await tool('nft');
  const silence =
    'table ip hole { chain c { type filter hook output priority 0;\nicmp type destination-unreachable drop\n}\n}\n';
  const [command = '', ...rest] = world.back.within;
  const { code, stderr } = await run(command, [...rest, nft.path, '-f', '-'], { env: nft.env, input: silence });
  if (code !== 0) throw new Error(`nft: ${stderr}`);
  const { path: ip } = await tool('ip');
  const to = far({ port: 0 } as Site).replace(/2:0$/, '0/24');
  const hole = await world.back.run(ip, ['route', 'replace', to, 'dev', 'far', 'mtu', 'lock', '900']);
  if (hole.code !== 0) throw new Error(hole.stderr);
}

export const realFaults: readonly Fault[] = [
  {
    name: 'php-fpm listens on its socket, nginx asks a port',
    cause: 'wrong_port',
    subject: ({ port }) => `127.0.0.1:${port}`,
    http: fastcgi(({ port }) => `127.0.0.1:${port}`),
    before: async (site) => {
      await startPhp(site);
    },
    provoke: (site) => failUntil(site, new RegExp(`\\(111: .*127.0.0.1:${site.port}`)),
  },
  {
    name: 'php-fpm, its only child is busy',
    cause: 'hangs',
    ...bySocket,
    before: async (site) => {
      await startPhp(site);
    },
    provoke: async (site) => {
      site.hang(3);
      await failUntil(site, /timed out.*reading response header/, 2);
    },
  },
  {
    name: 'php-fpm killed, its socket left behind',
    cause: 'socket_stale',
    ...bySocket,
    http: fastcgi((site) => `unix:${socketOf(site)}`, 'fast=1'),
    provoke: async (site) => {
      const child = await startPhp(site);
      await site.ask(2);
      await child.stop('SIGKILL');
      await failUntil(site, /\(111: .*pool-/, 2);
    },
  },
  {
    name: 'large packets are lost on the way (MTU)',
    cause: 'hangs',
    ...remote,
    http: (site) => ({
      pass: `proxy_read_timeout 2s; proxy_set_header X-Large ${'x'.repeat(3000)}; proxy_pass http://${peer(site)};`,
    }),
    before: async ({ world, port }) => {
      await startApp(world.back, { host: '0.0.0.0', port });
    },
    provoke: async (site) => {
      await site.world.back.firewall(`tcp dport ${site.port} ip length > 600 drop`);
      site.hang(4);
      await failUntil(site, /timed out/, 1);
      site.hang(4);
      await sleep(1500);
    },
  },
  {
    name: 'large packets fall into an MTU hole',
    cause: 'hangs',
    subject: far,
    http: (site) => ({
      pass: `proxy_read_timeout 3s; proxy_set_header X-Large ${'x'.repeat(3000)}; proxy_pass http://${far(site)};`,
    }),
    before: async ({ world, port }) => {
      await startApp(await startHostBehind(world), { host: '0.0.0.0', port });
    },
    provoke: async (site) => {
      await makeHole(site);
      site.hang(4);
      await failUntil(site, /timed out/, 1);
      site.hang(4);
      await sleep(1500);
    },
  },
  gunicorn('gunicorn is killed', 'process_down', '', async (site) => {
    const child = await startGunicorn(site, 30);
    await site.ask(2);
    await child.stop('SIGTERM');
    await failUntil(site, /\(111: /, 2);
  }),
  gunicorn('gunicorn’s only worker is stuck', 'hangs', 'proxy_read_timeout 1s;', async (site) => {
    await startGunicorn(site, 0);
    await site.ask(2);
    writeFileSync(join(site.dir, 'stuck'), '');
    site.hang(3);
    await failUntil(site, /timed out.*reading response header/, 2);
  }),
  gunicorn('gunicorn ends its worker at each request', 'breaks_after_connect', '', async (site) => {
    await startGunicorn(site, 1);
    await site.ask(2);
    writeFileSync(join(site.dir, 'stuck'), '');
    await failUntil(site, /prematurely closed|\(104: /, 2);
  }),
];
