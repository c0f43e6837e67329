/** Which nginx runs here, what it was built with, and where its configuration is. */
import { completePath } from '../../nginx/syntax/paths.ts';
import type { BuildDefaults } from '../../nginx/types.ts';
import type { Execute } from '../../system/exec.ts';
import { attempt, type FileSystem } from '../../system/fs.ts';
import { type Build, parseBuild, readBuild, sourceDefaults } from './build.ts';
import { readText } from './files.ts';
import { identityOf } from './identity.ts';
import { layouts, programFolders } from './layouts.ts';
import { type Mount, parseMounts } from './mounts.ts';
import { findMasters, type Master } from './processes.ts';
import { mountView, placeOf, rootView, type View } from './view.ts';

export interface NginxFound {
  /** null when it is installed and does not run. */
  readonly master: Master | null;
  readonly version: string | null;
  readonly defaults: BuildDefaults;
  /** The main file, as nginx names it; its other paths are completed with `defaults.prefix`. */
  readonly confPath: string;
  /** Directives given with `-g`. */
  readonly commandLine: string | null;
  readonly view: View;
}

export interface DiscoveryPorts {
  readonly fs: FileSystem;
  readonly execute: Execute;
  /** NETDATA_HOST_PREFIX: goes before every path; empty on the host itself. */
  readonly hostPrefix: string;
}

export function procFolder(hostPrefix: string): string {
  return `${hostPrefix}/proc`;
}

/** The mounts of a process that is in no container: ours, or the host's. */
export function hostMounts({ fs, hostPrefix }: Pick<DiscoveryPorts, 'fs' | 'hostPrefix'>): readonly Mount[] {
  const text = readText(fs, `${procFolder(hostPrefix)}/${hostPrefix === '' ? 'self' : '1'}/mountinfo`);
  return text.ok ? parseMounts(text.value) : [];
}

/** nginx's root as we can reach it: our own, the master's through /proc, or by its mounts. */
function viewOf(master: Master | null, host: readonly Mount[], { fs, hostPrefix }: DiscoveryPorts): View {
  if (master === null || master.container === null) return rootView(fs, hostPrefix);
  const root = `${procFolder(hostPrefix)}/${master.pid}/root`;
  return attempt(() => fs.readdir(root)).ok ? rootView(fs, root) : mountView(master.mounts, host, hostPrefix);
}

function programs(master: Master): readonly string[] {
  const { program } = master.args;
  const named = program.startsWith('/') ? [program] : programFolders.map((folder) => `${folder}/${baseName(program)}`);
  return [...(master.exe === null ? [] : [master.exe]), ...named];
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1) || 'nginx';
}

/** Only root's programs are run, and only on this very system: any process can call itself nginx. */
async function askBuild(path: string, { fs, execute }: DiscoveryPorts): Promise<Build | null> {
  const stat = attempt(() => fs.stat(path));
  if (!stat.ok || stat.value.kind !== 'file' || stat.value.uid !== 0 || (stat.value.mode & 0o022) !== 0) return null;
  const { code, stderr } = await execute(path, ['-V'], 3000);
  return code === 0 ? parseBuild(stderr) : null;
}

async function buildOf(master: Master, view: View, ports: DiscoveryPorts): Promise<Build | null> {
  for (const program of programs(master)) {
    for (const place of view.places(program)) {
      const build = readBuild(ports.fs, place);
      if (build !== null) return build;
      const foreign = master.container !== null || ports.hostPrefix !== '';
      const asked = foreign ? null : await askBuild(place, ports);
      if (asked !== null) return asked;
    }
  }
  return null;
}

function exists(fs: FileSystem, view: View, path: string): boolean {
  return attempt(() => fs.lstat(placeOf(fs, view, path))).ok;
}

async function describe(master: Master, host: readonly Mount[], ports: DiscoveryPorts): Promise<NginxFound> {
  const view = viewOf(master, host, ports);
  const build = await buildOf(master, view, ports);
  const { args } = master;
  const { version, defaults } = build ?? { version: null, defaults: knownLayout(ports.fs, view, args.program) };
  const prefix = args.prefix ?? defaults.prefix;
  return {
    master,
    version,
    // -e replaces the default only: what the configuration says stands before it.
    defaults: { ...defaults, prefix, errorLogPath: args.errorLog ?? defaults.errorLogPath },
    confPath: completePath(prefix, args.conf ?? defaults.confPath),
    commandLine: args.globals,
    view,
  };
}

/** The layout of a running nginx that does not tell: by its program's path, else by what exists. */
function knownLayout(fs: FileSystem, view: View, program: string): BuildDefaults {
  const own = layouts.find(({ prefix }) => program.startsWith(`${prefix}/sbin/`));
  const there = layouts.find((layout) => exists(fs, view, mainFile(layout)));
  return own ?? there ?? layouts[0] ?? sourceDefaults('/usr/local/nginx');
}

function mainFile({ prefix, confPath }: BuildDefaults): string {
  return completePath(prefix, confPath);
}

/** Host before container, then by configuration: the order decides which one is called `local`. */
function inOrder(a: NginxFound, b: NginxFound): number {
  const container = Number(a.master?.container != null) - Number(b.master?.container != null);
  if (container !== 0) return container;
  const owner = Number(a.master?.uid !== 0) - Number(b.master?.uid !== 0);
  return owner || (a.confPath < b.confPath ? -1 : Number(a.confPath > b.confPath));
}

/**
 * Every nginx that runs; where none does, every configuration in a known place. Two masters with one configuration (a
 * binary upgrade) are one.
 *
 * @param onMaster is told the pid of every master, also of those that are one
 */
export async function findNginx(
  ports: DiscoveryPorts,
  onMaster: (pid: number) => void = () => undefined,
): Promise<readonly NginxFound[]> {
  const { fs, hostPrefix } = ports;
  const proc = procFolder(hostPrefix);
  const host = hostMounts(ports);
  const running: NginxFound[] = [];
  for (const master of findMasters(fs, proc, host)) {
    onMaster(master.pid);
    running.push(await describe(master, host, ports));
  }
  if (running.length > 0) {
    const sorted = running.sort(inOrder);
    return sorted.filter((each, at) => sorted.findIndex((other) => identityOf(each) === identityOf(other)) === at);
  }
  return findInstalled(ports);
}

/** Without a process: the programs and files that are there. */
async function findInstalled(ports: DiscoveryPorts): Promise<readonly NginxFound[]> {
  const { fs, hostPrefix } = ports;
  const view = rootView(fs, hostPrefix);
  const found: NginxFound[] = [];
  for (const layout of layouts.filter((each) => exists(fs, view, mainFile(each)))) {
    const builds = programFolders
      .map((folder) => `${folder}/nginx`)
      .filter((path) => exists(fs, view, path))
      .map((path) => readBuild(fs, placeOf(fs, view, path)));
    const own = builds.find((build) => build !== null && mainFile(build.defaults) === mainFile(layout));
    found.push({
      master: null,
      version: own?.version ?? null,
      defaults: own?.defaults ?? layout,
      confPath: mainFile(layout),
      commandLine: null,
      view,
    });
  }
  return found;
}
