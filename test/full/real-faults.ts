/** Faults of real programs, and of a network that loses only large packets. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { peer, remote } from '../e2e/diagnose-faults.ts';
import { type Fault, failUntil, type Site, sleep, startApp } from '../e2e/diagnose-world.ts';
import { tool } from '../support/packages.ts';
import type { Child } from '../support/process.ts';
import { atEnd } from '../support/temp.ts';

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
];
