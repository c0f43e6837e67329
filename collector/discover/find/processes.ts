/** The nginx masters that run, read from /proc without any right. */
import { containerIdOf, containerOf, type Runtime, runtimeOf } from '../../parse/proc/cgroup.ts';
import { parseNginxTitle, parseProcStatus } from '../../parse/proc/pid.ts';
import { attempt, type FileSystem } from '../../system/fs.ts';
import { readProcText } from '../../system/small-file.ts';
import { type Starter, starterOf } from './decides.ts';
import { type MasterArgs, parseMasterArgs } from './master-args.ts';
import { type Mount, parseMounts, sameRoot } from './mounts.ts';

export interface Worker {
  readonly pid: number;
  /** Clock ticks since boot when it started. */
  readonly startTicks: number;
}

export interface Master {
  readonly pid: number;
  readonly uid: number | null;
  readonly startedBy: Starter;
  readonly args: MasterArgs;
  /** A container's identifier or `namespace` when its root is not the host's; null when it is. */
  readonly container: string | null;
  /** The whole identifier, where an engine gave one. */
  readonly containerId: string | null;
  /** Of the container; null when its cgroup does not say. */
  readonly runtime: Runtime | null;
  readonly mounts: readonly Mount[];
}

function text(fs: FileSystem, path: string, limit?: number): string {
  const read = readProcText(fs, path, limit);
  return read.ok ? read.value : '';
}

function pidsIn(fs: FileSystem, proc: string): readonly number[] {
  const names = attempt(() => fs.readdir(proc));
  return names.ok ? names.value.filter((name) => /^\d{1,10}$/.test(name)).map(Number) : [];
}

/** What a container is called: its identifier, LXC's name for it, or that it is one. */
function nameOfContainer(cgroup: string): string {
  return containerOf(cgroup) ?? /lxc(?:\.payload)?[./]([\w-]+)/.exec(cgroup)?.[1] ?? 'namespace';
}

/** In a user namespace of its own, a user's process can have a hundred thousand mounts. */
const mostMountsOfUser = 262_144;

function readMaster(pid: number, args: string, { fs, proc, reference, ownUid }: Searched): Master {
  const folder = `${proc}/${pid}`;
  const status = text(fs, `${folder}/status`);
  const cgroup = text(fs, `${folder}/cgroup`);
  // Where we are in a container ourselves, each of its processes has the engine's cgroup.
  const isOurs = containerIdOf(cgroup) === containerIdOf(text(fs, `${proc}/self/cgroup`));
  const isOfUser = starterOf(status, cgroup, !isOurs, ownUid) === 'user';
  const mounts = parseMounts(text(fs, `${folder}/mountinfo`, isOfUser ? mostMountsOfUser : undefined));
  const container = sameRoot(mounts, reference) ? null : nameOfContainer(cgroup);
  return {
    pid,
    uid: parseProcStatus(status).uid,
    startedBy: starterOf(status, cgroup, container !== null && !isOurs, ownUid),
    args: parseMasterArgs(args),
    container,
    containerId: container === null ? null : containerIdOf(cgroup),
    runtime: runtimeOf(cgroup),
    mounts,
  };
}

/** A master whose parent is a master of the same user is the new half of a binary upgrade: the elder stands for both. */
function withoutUpgrades(fs: FileSystem, proc: string, masters: readonly Master[]): readonly Master[] {
  const users = new Map(masters.map(({ pid, uid }) => [pid, uid]));
  return masters.filter(({ pid, uid }) => {
    const parent = parseProcStatus(text(fs, `${proc}/${pid}/status`)).parent ?? 0;
    return !users.has(parent) || users.get(parent) !== uid;
  });
}

export interface Searched {
  readonly fs: FileSystem;
  /** `/proc`, or the host's as it is mounted for us. */
  readonly proc: string;
  /** The mounts of a process that is in no container. */
  readonly reference: readonly Mount[];
  /** The user we run as. */
  readonly ownUid: number;
}

/** Every process that calls itself nginx's master: who may be believed is in `startedBy`. */
export function findMasters(searched: Searched): readonly Master[] {
  const { fs, proc } = searched;
  const masters: Master[] = [];
  for (const pid of pidsIn(fs, proc)) {
    const title = parseNginxTitle(text(fs, `${proc}/${pid}/cmdline`));
    if (title?.role !== 'master') continue;
    const started = startOf(fs, proc, pid);
    const master = readMaster(pid, title.args, searched);
    // Of one process, not of two that had the same number one after the other.
    const isSame =
      parseNginxTitle(text(fs, `${proc}/${pid}/cmdline`))?.args === title.args && startOf(fs, proc, pid) === started;
    if (isSame && started !== null) masters.push(master);
  }
  return withoutUpgrades(fs, proc, masters);
}

/** The 22nd field of /proc/PID/stat; the second may contain blanks and parentheses (proc_pid_stat(5)). */
export function startTicks(stat: string): number | null {
  const behind = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(behind[19]);
  return Number.isSafeInteger(ticks) && behind.length > 19 ? ticks : null;
}

function startOf(fs: FileSystem, proc: string, pid: number): number | null {
  return startTicks(text(fs, `${proc}/${pid}/stat`));
}

/** The pids of a process's children as the kernel lists them; empty where it does not (CONFIG_PROC_CHILDREN). */
export function childrenText(fs: FileSystem, proc: string, pid: number): string {
  return text(fs, `${proc}/${pid}/task/${pid}/children`);
}

/** The workers of a master that are not shutting down. */
export function workersOf(fs: FileSystem, proc: string, master: number): readonly Worker[] {
  if (text(fs, `${proc}/${master}/cmdline`) === '') return [];
  const isChild = (pid: number): boolean => parseProcStatus(text(fs, `${proc}/${pid}/status`)).parent === master;
  const listed = childrenText(fs, proc, master).split(' ').filter(Boolean).map(Number);
  const pids = listed.length > 0 ? listed : pidsIn(fs, proc).filter(isChild);
  return pids.flatMap((pid) => {
    const title = parseNginxTitle(text(fs, `${proc}/${pid}/cmdline`));
    const started = startOf(fs, proc, pid);
    return title?.role === 'worker' && !title.shuttingDown && started !== null ? [{ pid, startTicks: started }] : [];
  });
}

/** Clock ticks of /proc/PID/stat in a second: USER_HZ is 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** When these started, milliseconds since 1970; none where the time of boot is not told. */
export function startTimes(fs: FileSystem, proc: string, workers: readonly Worker[]): readonly number[] {
  const boot = /^btime (\d+)$/m.exec(text(fs, `${proc}/stat`))?.[1];
  return boot === undefined ? [] : workers.map((each) => (Number(boot) + each.startTicks / ticksPerSecond) * 1000);
}

/** The number of processors that are online; null without /proc. */
export function onlineProcessors(fs: FileSystem, proc: string): number | null {
  return text(fs, `${proc}/stat`).match(/^cpu\d+ /gm)?.length ?? null;
}
