/** The nginx masters that run, read from /proc without any right. */
import { containerIdOf, containerOf, groupAbove, type Runtime, runtimeOf } from '../../parse/proc/cgroup.ts';
import { type Monitor, monitorOf } from '../../parse/proc/conmon.ts';
import {
  type NginxTitle,
  type ProcStatus,
  parseNginxTitle,
  parseProcStatus,
  processStartTicks,
  ticksToMs,
} from '../../parse/proc/pid.ts';
import type { Procfs } from '../../system/process/procfs.ts';
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
  /** The entire identifier, where an engine gave one. */
  readonly containerId: string | null;
  /** Of the container; null when its cgroup does not say. */
  readonly runtime: Runtime | null;
  /** What watches over a container of podman's. */
  readonly monitor?: Monitor | null;
  readonly mounts: readonly Mount[];
}

/** What a process says it is, where it says that it is of an nginx. */
export function titleOf(proc: Procfs, pid: number): NginxTitle | null {
  return parseNginxTitle(proc.text(`${pid}/cmdline`) ?? '');
}

/** What the kernel says of a process; each field null where it has ended. */
export function statusOf(proc: Procfs, pid: number): ProcStatus {
  return parseProcStatus(proc.text(`${pid}/status`) ?? '');
}

/** The pids of a process's children as the kernel lists them; null where it does not (CONFIG_PROC_CHILDREN). */
export function childrenText(proc: Procfs, pid: number): string | null {
  return proc.text(`${pid}/task/${pid}/children`);
}

/** As all distributions build it, the kernel lists them; else every process is asked. */
export function childrenOf(proc: Procfs, pid: number): readonly number[] {
  const listed = childrenText(proc, pid);
  if (listed !== null) return listed.split(' ').filter(Boolean).map(Number);
  return proc.pids().filter((child) => statusOf(proc, child).parent === pid);
}

/** What a container is called: its identifier, LXC's name for it, or that it is one. */
function nameOfContainer(cgroup: string): string {
  return containerOf(cgroup) ?? /lxc(?:\.payload)?[./]([\w-]+)/.exec(cgroup)?.[1] ?? 'namespace';
}

/** In its own user namespace, a user's process can have a hundred thousand mounts. */
const mostMountsOfUser = 262_144;

/** A unit with `User=` and `Delegate=` is that user's, who makes groups in it and calls them what an engine would. */
function isInUsersGroup(cgroup: string, { groupOwner }: Searched): boolean {
  const above = groupAbove(cgroup);
  return above !== null && (groupOwner?.(above) ?? 0) !== 0;
}

function readMaster(pid: number, args: string, searched: Searched): Master {
  const { proc, reference, ownUid } = searched;
  const status = proc.text(`${pid}/status`) ?? '';
  const cgroup = proc.text(`${pid}/cgroup`) ?? '';
  // Where we are in a container ourselves, each of its processes has the engine's cgroup.
  const isOurs = containerIdOf(cgroup) === containerIdOf(proc.text('self/cgroup') ?? '');
  const isEngines = !isOurs && !isInUsersGroup(cgroup, searched);
  const isOfUser = starterOf(status, cgroup, isEngines, ownUid) === 'user';
  const mounts = parseMounts(proc.text(`${pid}/mountinfo`, isOfUser ? mostMountsOfUser : undefined) ?? '');
  const container = sameRoot(mounts, reference) ? null : nameOfContainer(cgroup);
  const containerId = container === null ? null : containerIdOf(cgroup);
  const runtime = runtimeOf(cgroup);
  return {
    pid,
    uid: parseProcStatus(status).uid,
    startedBy: starterOf(status, cgroup, container !== null && isEngines, ownUid),
    args: parseMasterArgs(args),
    container,
    containerId,
    runtime,
    monitor: runtime === 'podman' && containerId !== null ? monitorOf(pid, containerId, proc.text) : null,
    mounts,
  };
}

/** A master whose parent is a master of the same user is the new half of a binary upgrade: the elder stands for both. */
function withoutUpgrades(proc: Procfs, masters: readonly Master[]): readonly Master[] {
  const users = new Map(masters.map(({ pid, uid }) => [pid, uid]));
  return masters.filter(({ pid, uid }) => {
    const parent = statusOf(proc, pid).parent ?? 0;
    return !users.has(parent) || users.get(parent) !== uid;
  });
}

export interface Searched {
  /** Our own, or the host's as it is mounted for us. */
  readonly proc: Procfs;
  /** The mounts of a process that is in no container. */
  readonly reference: readonly Mount[];
  /** The user we run as. */
  readonly ownUid: number;
  /** Who owns a group of processes, and may make others in it; null where that is not to be seen. */
  readonly groupOwner?: (cgroup: string) => number | null;
}

/**
 * Every process that calls itself nginx's master: who may be believed is in `startedBy`.
 *
 * @param pids those that may be one; all there are without it
 */
export function findMasters(searched: Searched, pids = searched.proc.pids()): readonly Master[] {
  const { proc } = searched;
  const masters: Master[] = [];
  for (const pid of pids) {
    const title = titleOf(proc, pid);
    if (title?.role !== 'master') continue;
    const started = startOf(proc, pid);
    const master = readMaster(pid, title.args, searched);
    // Of one process, not of two that had the same number one after the other.
    const isSame = titleOf(proc, pid)?.args === title.args && startOf(proc, pid) === started;
    if (isSame && started !== null) masters.push(master);
  }
  return withoutUpgrades(proc, masters);
}

function startOf(proc: Procfs, pid: number): number | null {
  return processStartTicks(proc.text(`${pid}/stat`) ?? '');
}

/** The workers of a master that are not shutting down. */
export function workersOf(proc: Procfs, master: number): readonly Worker[] {
  if (!proc.text(`${master}/cmdline`)) return [];
  return childrenOf(proc, master).flatMap((pid) => {
    const title = titleOf(proc, pid);
    const started = startOf(proc, pid);
    return title?.role === 'worker' && !title.shuttingDown && started !== null ? [{ pid, startTicks: started }] : [];
  });
}

/** When these started, milliseconds since 1970; none where the time of boot is not known. */
export function startTimes(proc: Procfs, workers: readonly Worker[]): readonly number[] {
  const boot = proc.text('stat') ?? '';
  return workers.flatMap(({ startTicks }) => ticksToMs(startTicks, boot) ?? []);
}

/** The number of processors that are online; null without /proc. */
export function onlineProcessors(proc: Procfs): number | null {
  return (proc.text('stat') ?? '').match(/^cpu\d+ /gm)?.length ?? null;
}
