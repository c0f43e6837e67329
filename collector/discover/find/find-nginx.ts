/** Which nginx runs here, what it was built with, and where its configuration is. */
import { completePath, lastPart } from '../../base/paths.ts';
import type { BuildDefaults } from '../../nginx/types.ts';
import { attempt, type FileSystem } from '../../system/fs.ts';
import { createProcfs, type Procfs } from '../../system/process/procfs.ts';
import { readText } from '../../system/small-file.ts';
import { type Build, buildAt, readBuild, sourceDefaults } from './build.ts';
import { containerOutput } from './container-output.ts';
import { lookAfterEnded } from './ended.ts';
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
  /** It runs in its own network namespace: an address of its configuration is another one here. */
  readonly hasOwnNetwork?: boolean;
  /** Its root is not ours: a unix socket of its configuration is another one here, or none. */
  readonly hasOwnRoot?: boolean;
  /** What to type to see why none runs. */
  readonly lookAfter?: string;
}

export interface DiscoveryPorts {
  readonly fs: FileSystem;
  /** NETDATA_HOST_PREFIX: goes before every path; empty on the host itself. */
  readonly hostPrefix: string;
  /** The user we run as. */
  readonly ownUid: number;
}

/** What calls itself nginx on this host. */
export interface FoundHere {
  /** Those that are followed; where none of them runs, every configuration in a known place. */
  readonly running: readonly NginxFound[];
  /** Processes of other users that call themselves nginx: nothing that they say is used. */
  readonly others: readonly Master[];
  /** The one with this main file, which nginx-upstream.conf names: then it may be another user's, too. */
  named(confPath: string): NginxFound | null;
}

export function procFolder(hostPrefix: string): string {
  return `${hostPrefix}/proc`;
}

/** The processes of the host that is watched. */
export function procOf({ fs, hostPrefix }: Pick<DiscoveryPorts, 'fs' | 'hostPrefix'>): Procfs {
  return createProcfs(fs, procFolder(hostPrefix));
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
  const view = attempt(() => fs.readdir(root)).ok
    ? rootView(fs, root)
    : mountView(master.mounts, host, hostPrefix, root);
  return { ...view, output: containerOutput(master, host, hostPrefix) };
}

function programs({ args: { program } }: Master): readonly string[] {
  return program.startsWith('/')
    ? [program]
    : programFolders.map((folder) => `${folder}/${lastPart(program) || 'nginx'}`);
}

/** What the kernel runs for this process; null where we may not see it (another user's, for all but root). */
function runningBuild({ pid }: Master, { fs, hostPrefix }: DiscoveryPorts): Build | 'unlike' | null {
  return readBuild(fs, `${procFolder(hostPrefix)}/${pid}/exe`);
}

function buildOf(master: Master, view: View, ports: DiscoveryPorts): Build | null {
  const running = runningBuild(master, ports);
  if (running !== null && running !== 'unlike') return running;
  for (const place of programs(master).flatMap((program) => view.places(program))) {
    const build = buildAt(ports.fs, place);
    if (build !== null) return build;
  }
  return null;
}

/**
 * By a file that each network namespace has once, which anybody may ask for. Its inode only: the host's /proc that a
 * container sees is mounted there anew.
 */
function hasOwnNetwork({ pid }: Master, { fs, hostPrefix }: DiscoveryPorts): boolean {
  const [its, ours] = [`${procFolder(hostPrefix)}/${pid}`, '/proc/self'].map((folder) =>
    attempt(() => fs.stat(`${folder}/net/tcp`)),
  );
  return its?.ok === true && ours?.ok === true && its.value.ino !== ours.value.ino;
}

/** A container, a host that is seen behind a prefix, or (seen by root only) a folder that chroot() made its root. */
function hasOwnRoot({ pid, container }: Master, { fs, hostPrefix }: DiscoveryPorts): boolean {
  if (container !== null || hostPrefix !== '') return true;
  const root = attempt(() => fs.readlink(`${procFolder(hostPrefix)}/${pid}/root`));
  return root.ok && root.value !== '/';
}

function exists(fs: FileSystem, view: View, path: string): boolean {
  return attempt(() => fs.lstat(placeOf(fs, view, path))).ok;
}

function describe(master: Master, host: readonly Mount[], ports: DiscoveryPorts): NginxFound {
  const view = viewOf(master, host, ports);
  const build = buildOf(master, view, ports);
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
    hasOwnNetwork: hasOwnNetwork(master, ports),
    hasOwnRoot: hasOwnRoot(master, ports),
  };
}

/** The layout of a running nginx whose build is unknown: by its program's path, else by what exists. */
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

/** A container may be full of processes that call themselves nginx; each is a job with its own charts. */
const mostFollowed = 50;

/** A program of root's that bears nginx's title and is another one: set-user-ID, and started by anybody. */
function isBelieved(master: Master, ports: DiscoveryPorts): boolean {
  if (master.startedBy === 'user') return false;
  return master.startedBy !== 'root' || master.container !== null || runningBuild(master, ports) !== 'unlike';
}

function groupOwner(group: string, { fs, hostPrefix }: DiscoveryPorts): number | null {
  const folders = ['', '/systemd', '/unified'].map((each) => `${hostPrefix}/sys/fs/cgroup${each}${group}`);
  for (const found of folders.map((folder) => attempt(() => fs.stat(folder)))) if (found.ok) return found.value.uid;
  return null;
}

/**
 * Every nginx that runs; where none does, every configuration in a known place. Two masters with one configuration (a
 * binary upgrade) are one.
 *
 * @param onMaster gets the pid of every master that is followed, also of those that are one
 * @param pids the processes that may be a master; all there are without it
 */
export function findNginx(
  ports: DiscoveryPorts,
  onMaster: (pid: number) => void = () => undefined,
  pids?: readonly number[],
): FoundHere {
  const reference = hostMounts(ports);
  const searched = {
    proc: procOf(ports),
    reference,
    ownUid: ports.ownUid,
    groupOwner: (group: string) => groupOwner(group, ports),
  };
  const masters = findMasters(searched, pids);
  const believed = masters.filter((each) => isBelieved(each, ports));
  const others = masters.filter((each) => !believed.includes(each));
  for (const { pid } of believed) onMaster(pid);
  const found = believed.map((master) => describe(master, reference, ports)).sort(inOrder);
  const running = found.filter((each, at) => found.findIndex((other) => identityOf(each) === identityOf(other)) === at);
  const followed = running.length > 0 ? running.slice(0, mostFollowed) : findInstalled(ports);
  return {
    running: followed,
    others,
    named: (confPath) =>
      found.find((each) => each.confPath === confPath) ??
      ofUser(confPath, others, reference, ports) ??
      followed.find((each) => each.confPath === confPath) ??
      null,
  };
}

/** What a title says besides the main file's name is used only where its owner runs it: a stranger may name it, too. */
function ofUser(
  confPath: string,
  others: readonly Master[],
  reference: readonly Mount[],
  ports: DiscoveryPorts,
): NginxFound | null {
  const { fs, hostPrefix } = ports;
  const main = attempt(() => fs.stat(placeOf(fs, rootView(fs, hostPrefix), confPath)));
  if (!main.ok) return null;
  const here = others.filter(({ container, startedBy }) => container === null && startedBy === 'user');
  const own = here.filter(({ uid }) => uid === main.value.uid).map((master) => describe(master, reference, ports));
  const [first, ...more] = here.filter(({ args }) => args.conf === confPath);
  const said = own.find((each) => each.confPath === confPath);
  if (said !== undefined || first === undefined || more.some(({ uid }) => uid !== first.uid)) return said ?? null;
  const args = { ...first.args, prefix: null, globals: null, errorLog: null };
  return describe({ ...first, args }, reference, ports);
}

/** Without a process: the programs and files that are there. */
function findInstalled({ fs, hostPrefix }: DiscoveryPorts): readonly NginxFound[] {
  const view = rootView(fs, hostPrefix);
  const found: NginxFound[] = [];
  for (const layout of layouts.filter((each) => exists(fs, view, mainFile(each)))) {
    const builds = programFolders
      .map((folder) => `${folder}/nginx`)
      .filter((path) => exists(fs, view, path))
      .map((path) => buildAt(fs, placeOf(fs, view, path)));
    const own = builds.find((build) => build !== null && mainFile(build.defaults) === mainFile(layout));
    found.push({
      master: null,
      version: own?.version ?? null,
      defaults: own?.defaults ?? layout,
      confPath: mainFile(layout),
      commandLine: null,
      view,
      lookAfter: lookAfterEnded(fs, hostPrefix),
    });
  }
  return found;
}
