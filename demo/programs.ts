/**
 * nginx and Netdata for somebody who may have neither: the machine's own where it will do, else Debian's packages,
 * unpacked by get-packages.sh into a private folder and never installed. The tests use the same
 * (test/support/servers/packages.ts).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnTied, stopFamily } from './processes.ts';

export interface Wanted {
  readonly packages: readonly string[];
  /** Where the program is, from the root. */
  readonly path: string;
  /** Shows what it is, and proves that it runs. */
  readonly versionArgs: readonly string[];
  /** Whether the system's own will do, judged by what `versionArgs` print. Any will, by default. */
  readonly accepts?: (text: string) => boolean;
}

export interface Program {
  /** Absolute. */
  readonly path: string;
  /** The caller's environment, plus what the program needs to find its libraries. */
  readonly env: NodeJS.ProcessEnv;
  /** Where its package's files are: `/`, or the private folder. Join with usr/lib/…, usr/share/…. */
  readonly root: string;
  /** What it prints about itself. */
  readonly version: string;
  readonly origin: 'system' | 'private';
}

/** Where packages go, and how. */
export interface Getting {
  /** get-packages.sh. */
  readonly script: string;
  /** The folder to unpack into; see `platform` for one that is kept. */
  readonly folder: string;
  /** Hears get-packages.sh, a line at a time. */
  readonly say: (line: string) => void;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** Debian's packages of Netdata 1.37.1, with the dashboard: its links lead to files of the last three. */
export const netdata: Wanted = {
  packages: ['netdata-core', 'netdata-web', 'fonts-font-awesome', 'libjs-bootstrap', 'fonts-glyphicons-halflings'],
  path: 'usr/sbin/netdata',
  versionArgs: ['-V'],
  accepts: (text) => text.includes('v1.37.1') && existsSync('/usr/share/netdata/web/index.html'),
};

/** The machine's own program, if it is there, runs and is good enough. NGINX_UPSTREAM_PRIVATE=1: never. */
export function systemProgram(wanted: Wanted): Program | null {
  if (process.env['NGINX_UPSTREAM_PRIVATE'] === '1') return null;
  const path = join('/', wanted.path);
  const version = existsSync(path) ? ask(path, wanted, process.env) : null;
  if (version === null || !(wanted.accepts?.(version) ?? true)) return null;
  return { path, env: process.env, root: '/', version, origin: 'system' };
}

/** Unpacks Debian's packages, where they are not unpacked yet; rejects with one line that says what to do. */
export async function privateProgram(wanted: Wanted, getting: Getting): Promise<Program> {
  const root = await getPackages(wanted.packages, getting);
  // Debian 12's own packages still hold /bin, /sbin and /lib, which are links into /usr on a complete system.
  const places = [wanted.path, wanted.path.replace(/^usr\//, '')].map((place) => join(root, place));
  const path = places.find(existsSync) ?? join(root, wanted.path);
  const env = { ...process.env, LD_LIBRARY_PATH: libraries(root) };
  const version = ask(path, wanted, env);
  if (version === null) throw new Error(`${path} does not run: ${failure(path, wanted, env)}`);
  return { path, env, root, version, origin: 'private' };
}

/** `bookworm-amd64`: what unpacked programs fit. */
export function platform(): string {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const codename = /^VERSION_CODENAME="?([\w.-]+)/m.exec(release)?.[1] ?? /^ID="?([\w.-]+)/m.exec(release)?.[1];
  return `${codename ?? 'unknown'}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
}

/** Resolves with the folder that stands for `/`. */
async function getPackages(packages: readonly string[], getting: Getting): Promise<string> {
  const { script, folder, say, signal } = getting;
  signal?.throwIfAborted();
  const child = spawnTied('/bin/sh', [script, folder, ...packages], { stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = (): void => void stopFamily(child);
  const timer = setTimeout(stop, 600_000);
  signal?.addEventListener('abort', stop);
  let stdout = '';
  let last = '';
  let part = '';
  child.stdout?.on('data', (bytes: Buffer) => {
    stdout += bytes;
  });
  child.stderr?.on('data', (bytes: Buffer) => {
    const lines = (part + bytes).split('\n');
    part = lines.pop() ?? '';
    for (const line of lines) {
      last = line.replace(/^get-packages: /, '');
      say(last);
    }
  });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearTimeout(timer);
  signal?.removeEventListener('abort', stop);
  signal?.throwIfAborted();
  if (code !== 0) throw new Error(last || 'get-packages.sh failed');
  return stdout.trim();
}

/** The private libraries come first: they are only those that the system lacks or has older. */
function libraries(root: string): string {
  const triplet = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch as 'x64' | 'arm64'] ?? '';
  const own = [
    `usr/lib/${triplet}`,
    `lib/${triplet}`,
    'usr/lib/systemd',
    'lib/systemd',
    `usr/lib/${triplet}/systemd`,
  ].map((path) => join(root, path));
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
