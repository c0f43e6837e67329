/** Every cause as a fault really done. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { network } from '../../support/hosts/two-hosts.ts';
import { atEnd } from '../../support/temp.ts';
import { type Fault, failUntil, fillQueue, hangUntil, type Site, sleep, startApp } from './world.ts';

export const back = `${network}.2`;
export const passTo = (address: (site: Site) => string) => (site: Site) => ({
  pass: `proxy_pass http://${address(site)};`,
});
export const peer = ({ port }: Site): string => `${back}:${port}`;
const socketOf = ({ dir, port }: Site): string => join(dir, `app-${port}.sock`);
const unix = {
  subject: (site: Site) => `unix:${socketOf(site)}`,
  http: (site: Site) => ({ pass: `proxy_pass http://unix:${socketOf(site)}:/;` }),
};
export const remote = { subject: peer, http: passTo(peer) };

function firewalled(name: string, cause: Fault['cause'], verb: string, errno: number, alone = false): Fault {
  return {
    name,
    cause,
    ...remote,
    alone,
    before: async (site) => {
      await startApp(site.world.back, { host: '0.0.0.0', port: site.port });
      // A host sends one such message a second: of several faults at once each has its answer.
      await site.world.back.run('sh', ['-c', 'echo 0 > /proc/sys/net/ipv4/icmp_ratelimit']);
    },
    provoke: async (site) => {
      await site.world.back.firewall(`tcp dport ${site.port} ${verb}`);
      await failUntil(site, new RegExp(`\\(${errno}: .*${peer(site)}`));
    },
  };
}

function localhostOnly(host: string): Fault {
  const [shown, other] = host === '127.0.0.1' ? ['IPv4', '[::1]'] : ['IPv6', '127.0.0.1'];
  return {
    name: `localhost, ${shown} only`,
    cause: 'localhost_family',
    subject: ({ port }) => `${other}:${port}`,
    http: passTo(({ port }) => `localhost:${port}`),
    before: async ({ world, port }) => {
      await startApp(world.front, { host, port });
    },
    provoke: (site) => failUntil(site, new RegExp(`\\(111: .*${other.replace(/[[\]]/g, '\\$&')}:${site.port}`), 4),
  };
}

export const faults: readonly Fault[] = [
  {
    name: 'process stopped',
    cause: 'process_down',
    ...remote,
    provoke: async (site) => {
      const app = await startApp(site.world.back, { host: '0.0.0.0', port: site.port });
      await site.ask(1);
      await app.stop('SIGKILL');
      await failUntil(site, /\(111: /);
    },
  },
  {
    name: 'never started',
    cause: 'process_down',
    ...remote,
    // Somebody else lives on that host: it can be seen.
    before: async ({ world }) => {
      const bystander = world.back.start('sleep', ['600']);
      atEnd(() => bystander.stop('SIGKILL'));
    },
    provoke: (site) => failUntil(site, new RegExp(`\\(111: .*${peer(site)}`)),
  },
  {
    name: 'wrong bind address',
    cause: 'wrong_bind_address',
    ...remote,
    before: async ({ world, port }) => {
      await startApp(world.back, { host: '127.0.0.1', port });
    },
    provoke: (site) => failUntil(site, new RegExp(`\\(111: .*${peer(site)}`)),
  },
  {
    name: 'wrong port',
    cause: 'wrong_port',
    ...remote,
    before: async ({ world, port }) => {
      // One digit off, whatever the port is: from 8129 to 8130 it would be two, and no slip.
      await startApp(world.back, { host: '0.0.0.0', port: port - (port % 10) + ((port + 5) % 10) });
    },
    provoke: (site) => failUntil(site, new RegExp(`\\(111: .*${peer(site)}`)),
  },
  {
    name: 'wrong port on another host',
    cause: 'unknown',
    ...remote,
    provoke: (site) => failUntil(site, new RegExp(`\\(111: .*${peer(site)}`)),
  },
  localhostOnly('127.0.0.1'),
  localhostOnly('::1'),
  firewalled('REJECT tcp-reset', 'firewall_reject', 'reject with tcp reset', 111),
  firewalled('REJECT port unreachable', 'firewall_reject', 'reject', 111),
  firewalled('REJECT admin-prohibited', 'firewall_reject', 'reject with icmp type admin-prohibited', 113),
  firewalled('REJECT net-unreachable', 'firewall_reject', 'reject with icmp type net-unreachable', 101),
  firewalled('REJECT prot-unreachable', 'firewall_reject', 'reject with icmp type prot-unreachable', 92),
  firewalled('DROP', 'no_answer', 'drop', 110),
  {
    name: 'accept queue full',
    cause: 'accept_queue_full',
    ...remote,
    provoke: async (site) => {
      const { front, back: there } = site.world;
      const app = await startApp(there, { host: '0.0.0.0', port: site.port, backlog: 1 });
      app.signal('SIGSTOP');
      await fillQueue(front, { host: back, port: site.port }, 4);
      await failUntil(site, new RegExp(`\\(110: .*${peer(site)}`));
    },
  },
  {
    name: 'host gone (ARP)',
    cause: 'host_down',
    subject: ({ port }) => `${network}.99:${port}`,
    http: passTo(({ port }) => `${network}.99:${port}`),
    connectTimeout: 5,
    provoke: (site) => failUntil(site, new RegExp(`\\(113: .*${network}.99:${site.port}`)),
  },
  {
    name: 'no route',
    cause: 'no_route',
    subject: ({ port }) => `192.0.2.7:${port}`,
    http: passTo(({ port }) => `192.0.2.7:${port}`),
    provoke: (site) => failUntil(site, new RegExp(`\\(101: .*192.0.2.7:${site.port}`)),
  },
  {
    name: 'socket missing',
    cause: 'socket_missing',
    ...unix,
    provoke: (site) => failUntil(site, new RegExp(`\\(2: .*app-${site.port}`)),
  },
  {
    name: 'socket in its own /tmp',
    cause: 'socket_missing',
    subject: ({ port }) => `unix:/var/tmp/nginx-upstream-${port}.sock`,
    http: ({ port }) => ({ pass: `proxy_pass http://unix:/var/tmp/nginx-upstream-${port}.sock:/;` }),
    // What systemd's PrivateTmp does.
    within: ['unshare', '-m', 'sh', '-c', 'mount -t tmpfs none /var/tmp && exec "$@"', 'sh'],
    alone: true,
    before: async ({ world, port }) => {
      const path = `/var/tmp/nginx-upstream-${port}.sock`;
      atEnd(() => rmSync(path, { force: true }));
      await startApp(world.front, { path });
    },
    provoke: (site) => failUntil(site, /\(2: .*nginx-upstream-\d+\.sock/),
  },
  {
    name: 'socket stale',
    cause: 'socket_stale',
    ...unix,
    provoke: async (site) => {
      const app = await startApp(site.world.front, { path: socketOf(site) });
      await app.stop('SIGKILL');
      await failUntil(site, new RegExp(`\\(111: .*app-${site.port}`));
    },
  },
  {
    name: 'socket 0600',
    cause: 'socket_denied',
    ...unix,
    provoke: async (site) => {
      await startApp(site.world.front, { path: socketOf(site) });
      await site.world.front.run('chmod', ['0600', socketOf(site)]);
      await failUntil(site, new RegExp(`\\(13: .*app-${site.port}`));
    },
  },
  {
    name: 'socket backlog full',
    cause: 'socket_backlog_full',
    ...unix,
    provoke: async (site) => {
      const app = await startApp(site.world.front, { path: socketOf(site), backlog: 1 });
      app.signal('SIGSTOP');
      await fillQueue(site.world.front, { path: socketOf(site) }, 2);
      await failUntil(site, new RegExp(`\\(11: .*app-${site.port}`));
    },
  },
  {
    name: 'ephemeral ports exhausted',
    cause: 'no_ports',
    ...remote,
    alone: true,
    before: async ({ world, port }) => {
      await startApp(world.back, { host: '0.0.0.0', port, does: 'hang' });
      await world.front.run('sh', ['-c', 'echo 20000 20003 > /proc/sys/net/ipv4/ip_local_port_range']);
    },
    provoke: (site) => hangUntil(site, /\(99: /),
  },
  {
    name: 'descriptors exhausted',
    cause: 'no_files',
    ...remote,
    subject: () => 'nginx',
    alone: true,
    main: 'worker_rlimit_nofile 24;',
    before: async ({ world, port }) => {
      await startApp(world.back, { host: '0.0.0.0', port, does: 'hang' });
    },
    provoke: (site) => hangUntil(site, /\(24: /),
  },
  {
    name: 'worker_connections',
    cause: 'worker_connections',
    ...remote,
    subject: () => 'nginx',
    alone: true,
    events: 'worker_connections 12;',
    before: async ({ world, port }) => {
      await startApp(world.back, { host: '0.0.0.0', port, does: 'hang' });
    },
    provoke: (site) => hangUntil(site, /worker_connections are not enough/),
  },
  {
    name: 'name moved',
    cause: 'stale_address',
    subject: ({ port }) => `${network}.3:${port}`,
    http: ({ port }) => ({ upstream: `upstream moved { server app.test:${port}; }`, pass: 'proxy_pass http://moved;' }),
    before: async ({ world, port }) => {
      world.front.setHosts(`${network}.3 app.test\n127.0.0.1 localhost\n::1 localhost`);
      await startApp(world.back, { host: back, port });
    },
    provoke: async (site) => {
      site.world.front.setHosts(`${back} app.test\n127.0.0.1 localhost\n::1 localhost`);
      await sleep(2100);
      await failUntil(site, new RegExp(`\\(111: .*${network}.3:${site.port}`));
    },
  },
  {
    name: 'nginx in its own namespace',
    cause: 'container_localhost',
    subject: ({ port }) => `127.0.0.1:${port}`,
    http: passTo(({ port }) => `127.0.0.1:${port}`),
    before: async ({ world, port }) => {
      await startApp(world.back, { host: '127.0.0.1', port });
    },
    provoke: (site) => failUntil(site, /\(111: /),
    fromOutside: true,
    alone: true,
  },
  {
    name: 'rolling restart',
    cause: 'restarting',
    subject: peer,
    http: ({ port }) => ({
      upstream: `upstream rolling { ${[0, 1, 2].map((at) => `server ${back}:${port + at} max_fails=0;`).join(' ')} }`,
      pass: 'proxy_pass http://rolling;',
    }),
    provoke: async (site) => {
      const { world, port } = site;
      const ports = [port, port + 1, port + 2];
      const apps = new Map(
        await Promise.all(
          ports.map(async (each) => [each, await startApp(world.back, { host: back, port: each })] as const),
        ),
      );
      for (const each of ports) {
        await apps.get(each)?.stop('SIGKILL');
        await failUntil(site, new RegExp(`\\(111: .*${back}:${each}`), 4);
        await startApp(world.back, { host: back, port: each });
        await sleep(1100);
      }
      await site.ask(3);
    },
  },
  {
    name: 'all ejected',
    cause: 'ejected',
    subject: () => 'pool',
    http: ({ port }) => ({
      upstream: `upstream pool { server ${back}:${port}; server ${back}:${port + 20}; }`,
      pass: 'proxy_pass http://pool;',
    }),
    provoke: (site) => failUntil(site, /no live upstreams/, 3),
  },
];
