/**
 * Programs that tests need and the machine may lack: got with apt, unpacked privately, never installed.
 *
 *   const nginx = await tool('nginx');           // { path, env, root, version, origin }
 *   await run(nginx.path, ['-V'], { env: nginx.env });
 *
 * The system's own program is taken where it is there and good enough; else Debian's package, unpacked by
 * get-packages.sh into .cache/packages/<codename>-<arch>. Got once; runs side by side wait for each other.
 *
 * NGINX_UPSTREAM_PACKAGES=DIR   the folder to unpack into, shared between checkouts if you like
 * NGINX_UPSTREAM_PRIVATE=1      never take the system's program
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { run } from './run.ts';

interface Wanted {
  readonly packages: readonly string[];
  /** Where the program is, from the root. */
  readonly path: string;
  /** Shows what it is, and proves that it runs. */
  readonly versionArgs: readonly string[];
  /** Whether the system's own will do, judged by what `versionArgs` print. Any will, unless told. */
  readonly accepts?: (text: string) => boolean;
}

const TOOLS = {
  nginx: {
    packages: ['nginx', 'nginx-common', 'libnginx-mod-stream', 'libnginx-mod-mail'],
    path: 'usr/sbin/nginx',
    versionArgs: ['-V'],
    accepts: (text) => ['stream', 'mail'].every((name) => hasModule(text, name)),
  },
  netdata: {
    // The dashboard's links lead to files of the last two, inside the private folder.
    packages: ['netdata-core', 'netdata-web', 'fonts-font-awesome', 'libjs-bootstrap', 'fonts-glyphicons-halflings'],
    path: 'usr/sbin/netdata',
    versionArgs: ['-V'],
    accepts: (text) => text.includes('v1.37.1') && existsSync('/usr/share/netdata/web/index.html'),
  },
  wrk: { packages: ['wrk'], path: 'usr/bin/wrk', versionArgs: ['-v'] },
  nft: { packages: ['nftables'], path: 'usr/sbin/nft', versionArgs: ['--version'] },
  ip: { packages: ['iproute2'], path: 'usr/sbin/ip', versionArgs: ['-V'] },
  ss: { packages: ['iproute2'], path: 'usr/bin/ss', versionArgs: ['-V'] },
  logrotate: { packages: ['logrotate'], path: 'usr/sbin/logrotate', versionArgs: ['--version'] },
  mtail: { packages: ['mtail'], path: 'usr/bin/mtail', versionArgs: ['--version'] },
  mawk: { packages: ['mawk'], path: 'usr/bin/mawk', versionArgs: ['-W', 'version'] },
  journalctl: { packages: ['systemd'], path: 'usr/bin/journalctl', versionArgs: ['--version'] },
  socat: { packages: ['socat'], path: 'usr/bin/socat', versionArgs: ['-V'] },
  shellcheck: { packages: ['shellcheck'], path: 'usr/bin/shellcheck', versionArgs: ['--version'] },
} as const satisfies Record<string, Wanted>;

export type ToolName = keyof typeof TOOLS;

export interface Tool {
  /** Absolute. */
  readonly path: string;
  /** The test's environment, plus what the program needs to find its libraries. */
  readonly env: NodeJS.ProcessEnv;
  /** Where its package's files are: `/`, or the private folder. Join with usr/lib/…, usr/share/…. */
  readonly root: string;
  /** What it prints about itself. */
  readonly version: string;
  readonly origin: 'system' | 'private';
}

const REPOSITORY = resolve(import.meta.dirname, '../..');
const GET = join(import.meta.dirname, 'get-packages.sh');
const ready = new Map<ToolName, Promise<Tool>>();

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
  if (process.env['NGINX_UPSTREAM_PRIVATE'] !== '1') {
    const path = join('/', wanted.path);
    const version = existsSync(path) ? ask(path, wanted, process.env) : null;
    if (version !== null && (wanted.accepts?.(version) ?? true)) {
      return { path, env: process.env, root: '/', version, origin: 'system' };
    }
  }
  const root = await getPackages(wanted.packages);
  const path = join(root, wanted.path);
  const env = { ...process.env, LD_LIBRARY_PATH: libraries(root) };
  const version = ask(path, wanted, env);
  if (version === null) throw new Error(`${path} does not run: ${failure(path, wanted, env)}`);
  return { path, env, root, version, origin: 'private' };
}

/** Unpacks Debian packages privately and returns the folder that stands for `/`. */
export async function getPackages(packages: readonly string[]): Promise<string> {
  const dir = process.env['NGINX_UPSTREAM_PACKAGES'] ?? join(REPOSITORY, '.cache/packages', platform());
  const result = await run('/bin/sh', [GET, dir, ...packages], { timeout: 600_000 });
  if (result.stderr !== '') process.stderr.write(result.stderr);
  if (result.code !== 0) throw new Error(result.stderr.trim().split('\n').at(-1) ?? 'get-packages.sh failed');
  return result.stdout.trim();
}

/** `bookworm-amd64`: what the unpacked programs fit. */
function platform(): string {
  const release = readFileSync('/etc/os-release', 'utf8');
  const codename = /^VERSION_CODENAME="?([\w.-]+)/m.exec(release)?.[1] ?? /^ID="?([\w.-]+)/m.exec(release)?.[1];
  return `${codename ?? 'unknown'}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
}

/** The private libraries come first: they are only those that the system lacks or has older. */
function libraries(root: string): string {
  const triplet = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch as 'x64' | 'arm64'] ?? '';
  const own = [`usr/lib/${triplet}`, `lib/${triplet}`, 'usr/lib/systemd'].map((path) => join(root, path));
  const before = process.env['LD_LIBRARY_PATH'];
  return [...own, ...(before ? [before] : [])].join(':');
}

const runOnce = (path: string, wanted: Wanted, env: NodeJS.ProcessEnv) =>
  spawnSync(path, wanted.versionArgs, { env, encoding: 'utf8', timeout: 10_000 });

/** What it says about itself; null when it does not run at all (wrk -v says its version and exits with 1). */
function ask(path: string, wanted: Wanted, env: NodeJS.ProcessEnv): string | null {
  const { stdout, stderr, status, error } = runOnce(path, wanted, env);
  return error || status === 127 || status === null ? null : `${stdout}${stderr}`.trim();
}

function failure(path: string, wanted: Wanted, env: NodeJS.ProcessEnv): string {
  const { stderr, error } = runOnce(path, wanted, env);
  return error ? error.message : stderr.trim();
}
