/**
 * Programs that tests need and the machine may lack: got with apt, unpacked privately, never installed.
 *
 *   const nginx = await tool('nginx');           // { path, env, root, version, origin }
 *   await run(nginx.path, ['-V'], { env: nginx.env });
 *
 * The system's own program is taken where it is there and good enough; else Debian's package, unpacked by
 * demo/get-packages.sh into .cache/packages/<codename>-<arch>. Got once; runs side by side wait for each other.
 *
 * NGINX_UPSTREAM_PACKAGES=DIR   the folder to unpack into, shared between checkouts if you like
 * NGINX_UPSTREAM_PRIVATE=1      never take the system's program
 */

import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { netdata, type Program, platform, privateProgram, systemProgram, type Wanted } from '../../../demo/programs.ts';
import { repository } from '../repository.ts';

/** Debian's own of each release. */
const php = platform().startsWith('trixie') ? '8.4' : '8.2';
const python = platform().startsWith('trixie') ? '3.13' : '3.11';

const TOOLS = {
  nginx: {
    packages: ['nginx', 'nginx-common', 'libnginx-mod-stream', 'libnginx-mod-mail'],
    path: 'usr/sbin/nginx',
    versionArgs: ['-V'],
    accepts: (text) => ['stream', 'mail'].every((name) => hasModule(text, name)),
  },
  netdata,
  'alarm-notify': {
    packages: ['netdata-plugins-bash'],
    path: 'usr/lib/netdata/plugins.d/alarm-notify.sh',
    // It does nothing without a notification's twenty arguments, and says so.
    versionArgs: ['dump_methods'],
  },
  wrk: { packages: ['wrk'], path: 'usr/bin/wrk', versionArgs: ['-v'] },
  nft: { packages: ['nftables'], path: 'usr/sbin/nft', versionArgs: ['--version'] },
  ip: { packages: ['iproute2'], path: 'usr/bin/ip', versionArgs: ['-V'] },
  ss: { packages: ['iproute2'], path: 'usr/bin/ss', versionArgs: ['-V'] },
  logrotate: { packages: ['logrotate'], path: 'usr/sbin/logrotate', versionArgs: ['--version'] },
  mtail: { packages: ['mtail'], path: 'usr/bin/mtail', versionArgs: ['--version'] },
  mawk: { packages: ['mawk'], path: 'usr/bin/mawk', versionArgs: ['-W', 'version'] },
  journalctl: { packages: ['systemd'], path: 'usr/bin/journalctl', versionArgs: ['--version'] },
  socat: { packages: ['socat'], path: 'usr/bin/socat', versionArgs: ['-V'] },
  strace: { packages: ['strace'], path: 'usr/bin/strace', versionArgs: ['-V'] },
  setfacl: { packages: ['acl'], path: 'usr/bin/setfacl', versionArgs: ['--version'] },
  dockerd: {
    packages: ['docker.io', 'containerd', 'runc'],
    path: 'usr/sbin/dockerd',
    versionArgs: ['--version'],
  },
  'php-fpm': { packages: [`php${php}-fpm`], path: `usr/sbin/php-fpm${php}`, versionArgs: ['-n', '-v'] },
  // A Python that has gunicorn: run it with `-m gunicorn`. Each package is named, as the system's own has other folders.
  gunicorn: {
    packages: [
      ...[`python${python}`, `python${python}-minimal`, `libpython${python}-minimal`, `libpython${python}-stdlib`],
      ...['python3-gunicorn', 'python3-packaging', 'python3-pkg-resources'],
    ],
    path: `usr/bin/python${python}`,
    versionArgs: ['-m', 'gunicorn', '--version'],
    accepts: (text) => text.includes('(version '),
  },
  openssl: { packages: ['openssl'], path: 'usr/bin/openssl', versionArgs: ['version'] },
  shellcheck: { packages: ['shellcheck'], path: 'usr/bin/shellcheck', versionArgs: ['--version'] },
} as const satisfies Record<string, Wanted>;

export type ToolName = keyof typeof TOOLS;

export type Tool = Program;

const GET = join(repository, 'demo/get-packages.sh');
const ready = new Map<ToolName, Promise<Tool>>();

/**
 * In the checkout; for root, whose tests also run programs as another user, in the system's cache where the checkout is
 * out of others' reach (a clone under /root).
 */
function packagesFolder(): string {
  const isReachable = (path: string): boolean =>
    (statSync(path).mode & 0o001) !== 0 && (path === '/' || isReachable(dirname(path)));
  const isOwn = process.getuid?.() !== 0 || isReachable(repository);
  return join(isOwn ? join(repository, '.cache') : '/var/cache/nginx-upstream', 'packages', platform());
}

/** nginx -V lists what was built in; a module built to be loaded is a file beside it. */
function hasModule(text: string, name: string): boolean {
  const built = new RegExp(`--with-${name}(=dynamic)?(\\s|$)`).exec(text);
  return built !== null && (built[1] === undefined || existsSync(modulePath('/', name)));
}

/** Where Debian puts a module of nginx: `stream`, `mail`. */
export const modulePath = (root: string, name: string): string =>
  join(root, `usr/lib/nginx/modules/ngx_${name}_module.so`);

/** Resolves with the program, getting it first where needed; rejects with one line that says what to do. */
export function tool(name: ToolName): Promise<Tool> {
  const known = ready.get(name) ?? find(name);
  ready.set(name, known);
  return known;
}

async function find(name: ToolName): Promise<Tool> {
  const wanted: Wanted = TOOLS[name];
  const folder = process.env['NGINX_UPSTREAM_PACKAGES'] ?? packagesFolder();
  const say = (line: string): void => void process.stderr.write(`get-packages: ${line}\n`);
  return systemProgram(wanted) ?? privateProgram(wanted, { script: GET, folder, say });
}
