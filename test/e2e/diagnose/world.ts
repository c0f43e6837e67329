/** A real nginx between two hosts, faults done to it, and what `diagnose` says. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { PeerCause } from '../../../collector/model.ts';
import type { Host } from '../../support/hosts/two-hosts.ts';
import { request } from '../../support/network/request.ts';
import type { Child } from '../../support/process.ts';
import { run } from '../../support/run.ts';
import { type Nginx, startNginx } from '../../support/servers/nginx.ts';
import { readablePlugin } from '../../support/servers/plugin.ts';
import { atEnd, tempDir } from '../../support/temp.ts';
import { sleep, waitUntil } from '../../support/wait.ts';

/** Where one fault lives: its own port, its own folder, its own location of nginx. */
export interface Site {
  readonly world: World;
  readonly port: number;
  /** `/a`: the location that passes to the fault's peer. */
  readonly path: string;
  readonly dir: string;
  /** Asks as often as asked, and waits for the answers. */
  ask(times: number): Promise<number[]>;
  /** Lets requests hang: they are not waited for. */
  hang(times: number): void;
}

export interface Fault {
  readonly name: string;
  readonly cause: PeerCause;
  /** The peer, the group, or `nginx`, that the verdict must be about. */
  subject(site: Site): string;
  /** What stands in http { }: `server` takes a location's content. */
  http(site: Site): { readonly upstream?: string; readonly pass: string };
  readonly main?: string;
  /** In stream { } and mail { }. */
  stream?(site: Site): string;
  mail?(site: Site): string;
  readonly events?: string;
  /** Before nginx starts. */
  before?(site: Site): Promise<void>;
  /** After it: until the failures are in the log. */
  provoke(site: Site): Promise<void>;
  /** Seconds; 1 by default. */
  readonly connectTimeout?: number;
  /** diagnose stands on the test's host, not in nginx's namespace. */
  readonly fromOutside?: boolean;
  /** Put before nginx's own command, inside its host. */
  readonly within?: readonly string[];
  /** Cannot go with another fault: it is about nginx itself. */
  readonly alone?: boolean;
}

export interface World {
  readonly front: Host;
  readonly back: Host;
  readonly nginx: Nginx;
  readonly lib: string;
  diagnose(options?: {
    readonly user?: string;
    readonly args?: readonly string[];
    readonly json?: boolean;
  }): Promise<Said>;
}

export interface Verdict {
  readonly cause: PeerCause;
  readonly sureness: 'certain' | 'likely' | 'unknown';
  readonly what: string;
  readonly fix: string;
  readonly over: boolean;
  readonly run: readonly string[];
  readonly evidence: readonly string[];
  readonly ruledOut: readonly string[];
}

export interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The verdicts about a peer or group. */
  about(name: string): readonly Verdict[];
  readonly names: readonly string[];
  readonly missing: readonly string[];
}

const SERVER = `
const [where, does, backlog, tls] = JSON.parse(process.argv[1]);
const { readFileSync } = require('node:fs');
const answers = {
  ok: (_, answer) => answer.end('ok'),
  hang: () => {},
  error: (_, answer) => { answer.statusCode = 502; answer.end('of my own'); },
  reset: ({ socket }) => socket.resetAndDestroy(),
};
const server =
  does === 'silent' ? require('node:net').createServer(() => {})
  : does === 'udp' ? null
  : tls ? require('node:https').createServer({ cert: readFileSync(tls + '/cert.pem'), key: readFileSync(tls + '/key.pem') }, answers[does])
  : require('node:http').createServer(answers[does]);
if (server === null) {
  const socket = require('node:dgram').createSocket('udp4');
  socket.on('message', (text, { port, address }) => socket.send(text, port, address));
  socket.bind(where.port, where.host, () => console.log('listening'));
} else server.listen({ ...where, backlog, readableAll: true, writableAll: true }, () => console.log('listening'));
`;

/** The uid that applications run as: neither root nor nginx. */
const appUser = '12345';

export interface AppOptions {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  readonly does?: 'ok' | 'hang' | 'error' | 'reset' | 'silent' | 'udp';
  readonly backlog?: number;
  readonly ipv6Only?: boolean;
  /** A folder with cert.pem and key.pem. */
  readonly tls?: string;
}

/** An application in its own process; resolves once it listens. */
export async function startApp(on: Host, { does = 'ok', backlog = 511, tls, ...where }: AppOptions): Promise<Child> {
  const spec = JSON.stringify([where, does, backlog, tls]);
  const as = where.path === undefined ? ['--reuid', appUser, '--regid', appUser, '--clear-groups'] : [];
  const child = on.start('setpriv', [...as, '--', process.execPath, '-e', SERVER, spec]);
  atEnd(() => child.stop('SIGKILL'));
  await child.waitForLine(/listening/);
  return child;
}

const FILLER = `
const [where, count] = JSON.parse(process.argv[1]);
for (let i = 0; i < count; i++) require('node:net').connect(where).on('error', () => {});
setTimeout(() => console.log('filled'), 300);
setInterval(() => {}, 1000);
`;

/** Makes connections that nobody accepts. */
export async function fillQueue(from: Host, where: object, count: number): Promise<void> {
  const child = from.start(process.execPath, ['-e', FILLER, JSON.stringify([where, count])]);
  atEnd(() => child.stop('SIGKILL'));
  await child.waitForLine(/filled/);
}

function readSaid({ code, stdout, stderr }: { code: number | null; stdout: string; stderr: string }): Said {
  interface Nginx {
    readonly failing: readonly { readonly name: string; readonly verdicts: readonly Verdict[] }[];
    readonly missing: readonly string[];
  }
  const said = stdout.startsWith('{') ? (JSON.parse(stdout) as { readonly nginx: readonly Nginx[] }) : { nginx: [] };
  const failing = said.nginx.flatMap((each) => each.failing);
  return {
    code,
    stdout,
    stderr,
    about: (name) => failing.find((each) => each.name === name)?.verdicts ?? [],
    names: failing.map(({ name }) => name),
    missing: said.nginx.flatMap(({ missing }) => missing),
  };
}

export interface Hosts {
  readonly front: Host;
  readonly back: Host;
}

/** Nothing of the fault before is left. */
async function reset({ front, back }: Hosts): Promise<void> {
  for (const host of [front, back]) host.setHosts('127.0.0.1 localhost\n::1 localhost');
  await Promise.all([
    front.firewall(null),
    back.firewall(null),
    front.run('sh', ['-c', 'echo 32768 60999 > /proc/sys/net/ipv4/ip_local_port_range']),
  ]);
}

/** What `check` prints to paste: attempts by peer and upstream. */
const attemptsFormat =
  '$remote_addr [$time_local] "$request" $status $upstream_addr $upstream_status $upstream_connect_time ' +
  '$upstream_response_time $request_time $proxy_host';

/** Starts an nginx with the faults' locations; the faults are not done yet, but `before` was. */
export async function startWorld(
  hosts: Hosts,
  faults: readonly Fault[],
): Promise<{ readonly world: World; readonly sites: readonly Site[] }> {
  const { front, back } = hosts;
  await reset(hosts);
  const dir = tempDir('diagnose');
  chmodSync(dir, 0o777);
  const socket = join(dir, 'front.sock');
  const copy = readablePlugin();
  let nginx: Nginx | null = null;
  const outside = faults.some(({ fromOutside }) => fromOutside);

  const world: World = {
    front,
    back,
    lib: dir,
    get nginx() {
      if (nginx === null) throw new Error('nginx has not started');
      return nginx;
    },
    async diagnose({ user, args = [], json = true } = {}) {
      const conf = join(dir, 'nginx-upstream.conf');
      writeFileSync(conf, `jobs:\n  - name: test\n    nginx_conf: ${world.nginx.conf}\n`);
      const as = user === undefined ? [] : ['setpriv', '--reuid', user, '--regid', user, '--clear-groups', '--'];
      const line = [process.execPath, copy, 'diagnose', ...(json ? ['--json'] : []), '--config', conf, ...args];
      const [command = '', ...rest] = [...(outside ? [] : front.within), ...as, ...line];
      return readSaid(await run(command, rest, { env: { ...process.env, NETDATA_LIB_DIR: dir } }));
    },
  };
  const sites = faults.map((_, at): Site => {
    const path = `/${'abcdefgh'[at] ?? at}`;
    const one = (timeout: number): Promise<number> =>
      request(`http://x${path}`, { socketPath: socket, timeout }).then(
        ({ status }) => status,
        () => 0,
      );
    return {
      world,
      // Worlds of other processes have other ports: `diagnose` looks through all namespaces of a machine.
      port: 8080 + (process.pid % 80) + at * 100,
      path,
      dir,
      ask: async (times) => {
        const seen: number[] = [];
        for (let i = 0; i < times; i++) seen.push(await one(15_000));
        return seen;
      },
      hang(times) {
        const sockets = Array.from({ length: times }, () =>
          connect({ path: socket })
            .on('error', () => undefined)
            .on('connect', function (this: Socket) {
              this.write(`GET ${path} HTTP/1.0\r\n\r\n`);
            }),
        );
        atEnd(() => {
          for (const each of sockets) each.destroy();
        });
      },
    };
  });
  const each = faults.map((fault, at) => [fault, sites[at]] as const);
  for (const [fault, site] of each) if (site !== undefined) await fault.before?.(site);
  const parts = each.map(([fault, site]) => (site === undefined ? { pass: '' } : fault.http(site)));
  const beside = (of: 'stream' | 'mail') => {
    const texts = each.flatMap(([fault, site]) => (site === undefined ? [] : (fault[of]?.(site) ?? [])));
    return texts.length === 0 ? {} : { [of]: texts.join('\n') };
  };
  const streams = { ...beside('stream'), ...beside('mail') };
  const timeout = Math.max(...faults.map(({ connectTimeout = 1 }) => connectTimeout));
  const locations = sites.map(({ path }, at) => `location ${path} { ${parts[at]?.pass} }`);
  nginx = await startNginx(
    {
      main: faults.map(({ main = '' }) => main).join('\n'),
      ...streams,
      events: faults.find(({ events }) => events !== undefined)?.events ?? 'worker_connections 256;',
      accessLog: [],
      http: [
        `log_format attempts '${attemptsFormat}'; access_log logs/access.log attempts;`,
        `proxy_connect_timeout ${timeout}s; proxy_ignore_client_abort on;`,
        ...parts.map(({ upstream = '' }) => upstream),
        'server {',
        `listen unix:${socket};`,
        ...locations,
        '}',
      ].join('\n'),
    },
    { within: [...front.within, ...faults.flatMap(({ within = [] }) => within)] },
  );
  if (!existsSync(socket)) throw new Error('nginx does not listen');
  return { world, sites };
}

/** Asks until the error log has a line. */
export async function failUntil(site: Site, pattern: RegExp, times = 1): Promise<void> {
  await site.ask(times);
  await site.world.nginx.errorLines(pattern);
}

/** Lets requests hang, a few at a time, until the error log has a line. */
export async function hangUntil(site: Site, pattern: RegExp): Promise<void> {
  await waitUntil(
    async () => {
      site.hang(5);
      await sleep(100);
      return pattern.test(readFileSync(site.world.nginx.errorLog, 'utf8'));
    },
    { what: `${pattern} in the error log`, timeout: 8000, interval: 50 },
  );
}

export { sleep };
