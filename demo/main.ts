/**
 * install.sh --demo: a private nginx, backends that fail on purpose, a private Netdata with our plugin and alerts, and
 * the story printed on the terminal. Everything it makes is in one folder, and gone when it ends.
 */
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Backend, createBackend } from './backends.ts';
import { clearLeftovers, MARK, makeFolder, processesOf, removeFolder } from './folder.ts';
import { startLoad } from './load.ts';
import { type Netdata, PLUGIN_CONF, startNetdata } from './netdata.ts';
import { startNginx } from './nginx.ts';
import { type Options, readOptions } from './options.ts';
import { findFreePorts } from './ports.ts';
import { endAll, identity, kill } from './processes.ts';
import * as programs from './programs.ts';
import { type Scene, usualSeconds, writeStory } from './story.ts';
import { createTerminal, type Terminal } from './terminal.ts';
import { startWatch } from './watch.ts';

const PER_SECOND = 40;
const pauseSeconds = 60;

const nginx: programs.Wanted = { packages: ['nginx', 'nginx-common'], path: 'usr/sbin/nginx', versionArgs: ['-v'] };

/** What has begun, last first when it ends. */
type Endings = (() => unknown)[];

interface Context {
  readonly options: Options;
  readonly folder: string;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly endings: Endings;
}

async function show(context: Context): Promise<void> {
  const { options, folder, terminal, signal, endings } = context;
  const { home } = options;
  const { nginxProgram, netdataProgram } = await getPrograms(context);
  const env = { [MARK]: folder };
  const [front = 0, page = 0, ...ports] = await findFreePorts(7);
  const backends = ports.map((port) => createBackend(port, { ...process.env, ...env }));
  const stage = { shop: backends.slice(0, 3), api: backends.slice(3) };
  endings.push(() => Promise.all(backends.map((backend) => backend.stop())));
  await Promise.all(backends.map((backend) => backend.answer()));
  const addresses = (group: readonly Backend[]): readonly string[] => group.map(({ address }) => address);
  const upstreams = { shop: addresses(stage.shop), api: addresses(stage.api) };
  const server = await startNginx(nginxProgram, { folder, port: front, upstreams, env });
  endings.push(server.stop);
  const load = startLoad(`http://127.0.0.1:${front}`, Object.keys(upstreams), PER_SECOND);
  endings.push(load.stop);
  terminal.passing('starting Netdata');
  const plugin = firstOf(home, 'dist/nginx-upstream.plugin', 'nginx-upstream.plugin');
  const alerts = join(home, 'alerts');
  const netdata = await startNetdata(netdataProgram, { folder, port: page, plugin, alerts, env });
  endings.push(netdata.server.stop);
  await waitForCharts(netdata, signal);
  terminal.line(`Open ${terminal.paint('bold', `${netdata.url}/#menu_nginx_upstream_demo`)}`);
  terminal.line(
    `From another machine: ssh -L ${page}:127.0.0.1:${page} ${hostname()}, then open the same address there.`,
  );
  terminal.line(`It runs ${options.seconds === null ? 'until you press Ctrl-C' : `for ${options.seconds} s`}.`);
  const command = process.execPath.startsWith(`${home}/`) ? `${process.execPath} ${plugin}` : plugin;
  terminal.line(`Why a peer fails, in another terminal: ${command} diagnose --config ${join(folder, PLUGIN_CONF)}`);
  terminal.line();
  terminal.begin();
  const watch = startWatch(netdata, terminal);
  endings.push(watch.stop);
  const story = writeStory(stage);
  if (options.seconds !== null) return play(context, story, options.seconds, watch.look);
  for (;;) {
    await play(context, story, usualSeconds, watch.look);
    terminal.event(`That was the last act. The demo starts over in ${pauseSeconds} s; Ctrl-C ends it.`);
    await sleep(pauseSeconds * 1_000, undefined, { signal });
  }
}

async function getPrograms({ options, folder, terminal, signal }: Context) {
  const own = { nginx: programs.systemProgram(nginx), netdata: programs.systemProgram(programs.netdata) };
  const lacking = [...(own.nginx ? [] : nginx.packages), ...(own.netdata ? [] : programs.netdata.packages)];
  const kept = process.env['NGINX_UPSTREAM_PACKAGES'] ?? packagesFolder(options.home) ?? join(folder, 'packages');
  const getting: programs.Getting = {
    script: firstOf(options.home, 'demo/get-packages.sh'),
    folder: kept,
    say: terminal.passing,
    signal,
  };
  if (!lacking.every((name) => existsSync(join(kept, 'got', name)))) {
    terminal.line(`Downloading Debian's packages, about 15 MB, into ${kept}: ${lacking.join(' ')}`);
    terminal.line('They are unpacked there and kept for the next run; nothing is installed.');
  }
  const get = (wanted: programs.Wanted): Promise<programs.Program> =>
    programs.privateProgram(wanted, getting).catch((error: unknown) => {
      signal.throwIfAborted();
      const name = wanted === nginx ? 'nginx' : 'netdata';
      throw new Error(
        `${name} is not available: ${textOf(error)}. Install it, and the demo uses it: apt-get install ${name}`,
      );
    });
  const nginxProgram = own.nginx ?? (await get(nginx));
  const netdataProgram = own.netdata ?? (await get(programs.netdata));
  const named = ({ version, origin }: programs.Program, name: string): string =>
    `${name} ${/\d+(\.\d+)+/.exec(version)?.[0]} (${origin === 'system' ? "this machine's" : 'unpacked'})`;
  terminal.line(`${named(nginxProgram, 'nginx')}, ${named(netdataProgram, 'Netdata')}`);
  return { nginxProgram, netdataProgram };
}

/** Beside the demo, where a clone's tests look too; else in the user's cache. Null where neither can be written. */
function packagesFolder(home: string): string | null {
  const isOwn = statSync(home).uid === process.getuid?.();
  const cache = process.env['XDG_CACHE_HOME'] ?? (process.env['HOME'] && join(process.env['HOME'], '.cache'));
  const folders = [...(isOwn ? [join(home, '.cache')] : []), ...(cache ? [join(cache, 'nginx-upstream')] : [])];
  for (const folder of folders) {
    try {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK);
      return join(folder, 'packages', programs.platform());
    } catch {
      // The next one.
    }
  }
  return null;
}

async function waitForCharts(netdata: Netdata, signal: AbortSignal): Promise<void> {
  const end = performance.now() + 30_000;
  for (;;) {
    const charts = await netdata.charts();
    if (charts.some(({ context }) => context.startsWith('nginx_upstream.'))) return;
    if (performance.now() > end) throw new Error(`the plugin has created no chart: ${netdata.server.said()}`);
    await sleep(250, undefined, { signal });
  }
}

async function play(
  { terminal, signal }: Context,
  story: readonly Scene[],
  seconds: number,
  look: (looks: NonNullable<Scene['looks']>) => void,
): Promise<void> {
  for (const scene of story) {
    terminal.event(terminal.paint('bold', scene.tells));
    if (scene.detail) terminal.detail(scene.detail);
    look(scene.looks ?? []);
    await scene.act();
    await sleep((seconds * 1_000 * scene.share) / 100, undefined, { signal });
  }
}

function firstOf(home: string, ...names: readonly string[]): string {
  const found = names.map((name) => join(home, name)).find(existsSync);
  if (found === undefined)
    throw new Error(`${names[0]} is missing in ${home}: unpack the release again, or clone again`);
  return found;
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Ends everything that has begun, by its own hand first, then whatever still carries the folder's mark. */
async function endEverything(folder: string, endings: Endings): Promise<void> {
  for (const ending of endings.splice(0).reverse()) await ending();
  await endAll(processesOf(folder).map(identity));
  removeFolder(folder);
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (typeof options === 'string') {
    process.stderr.write(`install.sh: error: ${options}\n`);
    return 2;
  }
  const terminal = createTerminal(process.stdout);
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());
  // Whoever read it has gone: nobody is left to print it for.
  process.stdout.on('error', () => stopping.abort());
  for (const left of await clearLeftovers()) terminal.line(`Removed the leftovers of a killed demo: ${left}`);
  const folder = makeFolder();
  process.on('exit', () => {
    for (const pid of processesOf(folder)) kill(pid, 'SIGKILL');
    removeFolder(folder);
  });
  terminal.line(
    terminal.paint('bold', 'nginx-upstream: a demo with a private nginx, a private Netdata and backends that fail'),
  );
  terminal.line(`Everything it starts and writes is in ${folder}, and removed when the demo ends.`);
  const endings: Endings = [];
  let code = 0;
  try {
    await show({ options, folder, terminal, signal: stopping.signal, endings });
  } catch (error) {
    if (!stopping.signal.aborted) {
      process.stderr.write(`install.sh: error: ${textOf(error)}\n`);
      code = 1;
    }
  }
  terminal.line('Ending.');
  await endEverything(folder, endings);
  terminal.line('Every process and file of the demo is gone.');
  return code;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`install.sh: error: ${textOf(error)}\n`);
    process.exit(1);
  },
);
