/**
 * Who holds a listening socket: its user always; its process for certain only with root's rights or as the same user.
 * Names, command lines and cgroups of processes are readable by all: they show whose it most likely is.
 */
import { once } from '../../base/once.ts';
import { containerOf, type ProcessUnit, type Runtime, runtimeOf, unitOf } from '../../parse/proc/cgroup.ts';
import { monitorOf } from '../../parse/proc/conmon.ts';
import { parseNginxTitle, parseProcStatus, processStartTicks, ticksToMs } from '../../parse/proc/pid.ts';
import { scriptOf } from '../../parse/proc/script.ts';
import { attempt } from '../../system/fs.ts';
import type { Owner } from '../facts/facts.ts';
import type { DiagnosePorts } from '../facts/ports.ts';
import { containerName, isProxyOf, isSameTarget } from './containers.ts';
import { fpmConf, fpmListens } from './fpm-pools.ts';
import type { Namespace } from './namespaces.ts';

export interface Owners {
  ownerOf(uid: number, inode: number, asked: Asked): Owner;
  /** Of a socket whose user /proc does not show (unix); null when its process may not be seen. */
  holderOf(inode: number, asked: Asked): Owner | null;
  /** When this process started. */
  startedMs(pid: number): number | null;
  /** nginx itself holds it, as far as that can be seen. A title alone says nothing: root's process, or the master's user's. */
  isNginx(inode: number, masterUid: number | null): boolean;
  /** Descriptors of some process could not be checked. */
  readonly blind: boolean;
}

/** What nginx asks for: command lines name ports and sockets. */
export type Asked = { readonly port: number } | { readonly path: string };

/** Enough for any host; one with more is not worth the time while something fails. */
const mostDescriptors = 200_000;

interface Holders {
  readonly pidOf: ReadonlyMap<number, number>;
  readonly blind: boolean;
}

/** Which process holds which socket: the links in /proc/PID/fd are `socket:[INODE]`. */
function findHolders(pids: readonly number[], { fs, procRoot }: DiagnosePorts): Holders {
  const pidOf = new Map<number, number>();
  let blind = false;
  let looked = 0;
  for (const pid of pids) {
    const names = attempt(() => fs.readdir(`${procRoot}/${pid}/fd`));
    blind ||= !names.ok && names.code !== 'ENOENT';
    for (const name of names.ok ? names.value : []) {
      if (++looked > mostDescriptors) return { pidOf, blind: true };
      const link = attempt(() => fs.readlink(`${procRoot}/${pid}/fd/${name}`));
      const inode = link.ok ? /^socket:\[(\d+)\]$/.exec(link.value)?.[1] : undefined;
      // The first is the parent of those that share it.
      if (inode !== undefined && !pidOf.has(Number(inode))) pidOf.set(Number(inode), pid);
    }
  }
  return { pidOf, blind };
}

function unitOfPid(pid: number, { proc }: DiagnosePorts): ProcessUnit | null {
  return unitOf(proc.text(`${pid}/cgroup`) ?? '');
}

/** What somebody types names a container's port, too, and holds none. */
const clients = /^(?:\S*\/)?(?:docker|podman|nerdctl|crictl|kubectl)\0/;

interface Candidate {
  readonly pid: number;
  readonly parent: number | null;
  readonly line: string;
}

/** Processes of a user that are not nginx's own, nor the kernel's. */
function candidatesOf(uid: number, pids: readonly number[], { proc }: DiagnosePorts): readonly Candidate[] {
  return pids.flatMap((pid) => {
    const { uid: its, parent } = parseProcStatus(proc.text(`${pid}/status`) ?? '');
    if (its !== uid) return [];
    const cmdline = proc.text(`${pid}/cmdline`) ?? '';
    if (cmdline === '' || parseNginxTitle(cmdline) !== null || clients.test(cmdline)) return [];
    return [{ pid, parent, line: cmdline.replaceAll('\0', ' ').trim() }];
  });
}

/** It is php-fpm's master, and its pools have the port or the socket. */
function isItsPool(line: string, asked: Asked, ports: DiagnosePorts): boolean {
  const conf = fpmConf(line);
  if (conf === null) return false;
  const isAsked = (listen: string): boolean =>
    'path' in asked ? listen === asked.path : new RegExp(`(?:^|:)${asked.port}$`).test(listen);
  return fpmListens(conf, ports).some(isAsked);
}

/** Its command line names the port or the socket, or it is php-fpm's master of the version that the path has. */
function isNamed({ line }: Candidate, asked: Asked): boolean {
  const master = /^php-fpm: master process \((.*)\)/.exec(line)?.[1];
  if ('port' in asked) {
    const isPublishing = isProxyOf(line, asked.port);
    if (isPublishing !== null) return isPublishing;
    return new RegExp(`(?<![\\d.])${asked.port}(?![\\d.])`).test(line) || (master !== undefined && asked.port === 9000);
  }
  if (line.includes(asked.path)) return true;
  if (master === undefined || !/php/.test(asked.path)) return false;
  const version = /php(\d+\.\d+)/.exec(asked.path)?.[1];
  return version === undefined || master.includes(version);
}

/** Of processes that begot each other the first; a port is published by one docker-proxy for each family. */
function eldest(found: readonly Candidate[]): Candidate | null {
  const roots = found.filter(({ parent }) => !found.some(({ pid }) => pid === parent));
  const [only = null, ...others] = roots;
  return others.every(({ line }) => isSameTarget(only?.line ?? '', line)) ? only : null;
}

/** The only unit that these processes are in: then it is that one; of several none is guessed. */
function onlyUnit(found: readonly Candidate[], ports: DiagnosePorts): Candidate | null {
  const units = new Map<string, Candidate>();
  for (const each of found) {
    const unit = unitOfPid(each.pid, ports)?.unit;
    if (unit === undefined) return null;
    if (!units.has(unit)) units.set(unit, each);
  }
  const [only, another] = [...units.values()];
  return another === undefined ? (only ?? null) : null;
}

export function createOwners({ pids }: Pick<Namespace, 'pids'>, ports: DiagnosePorts): Owners {
  const { proc } = ports;
  const sorted = [...pids].sort((a, b) => a - b);
  const { pidOf, blind } = findHolders(sorted, ports);
  const boot = once(() => proc.text('stat') ?? '');

  const names = new Map<string, string | null>();

  function nameOf(container: string | null, runtime: Runtime | null, pid: number | null): string | null {
    if (container === null) return null;
    const known = names.get(container);
    if (known !== undefined) return known;
    const isPodman = runtime === 'podman' && pid !== null;
    const name = isPodman ? (monitorOf(pid, container, proc.text)?.name ?? null) : containerName(container, ports);
    names.set(container, name);
    return name;
  }

  function guess(uid: number, asked: Asked): number | null {
    const found = candidatesOf(uid, sorted, ports);
    const named = found.filter((each) => isNamed(each, asked) || isItsPool(each.line, asked, ports));
    return (eldest(named) ?? onlyUnit(named.length > 0 ? named : found, ports))?.pid ?? null;
  }

  const isTitled = (pid: number): boolean => parseNginxTitle(proc.text(`${pid}/cmdline`) ?? '') !== null;
  const uidOf = (pid: number): number | null => parseProcStatus(proc.text(`${pid}/status`) ?? '').uid;

  function ownerOf(uid: number, inode: number, asked: Asked): Owner {
    const pid = pidOf.get(inode) ?? null;
    const guessed = pid === null && blind ? guess(uid, asked) : null;
    const its = pid ?? guessed;
    const textOf = (file: string): string => (its === null ? '' : (proc.text(`${its}/${file}`) ?? ''));
    const cgroup = textOf('cgroup');
    const unit = unitOf(cgroup);
    const [container, runtime] = [containerOf(cgroup), runtimeOf(cgroup)];
    return {
      uid,
      user: ports.userName(uid),
      pid: its,
      isGuess: pid === null && guessed !== null,
      command: textOf('comm').trim() || null,
      script: scriptOf(textOf('cmdline')),
      unit: unit?.unit ?? null,
      unitUser: unit?.user ?? null,
      container,
      containerName: nameOf(container, runtime, its),
      ...(container === null ? {} : { isRemoved: false }),
      runtime,
    };
  }

  return {
    blind,
    isNginx(inode, masterUid) {
      const pid = pidOf.get(inode);
      if (pid === undefined || !isTitled(pid)) return false;
      const { uid, parent } = parseProcStatus(proc.text(`${pid}/status`) ?? '');
      const isOurs = (its: number | null): boolean => its !== null && (its === 0 || its === masterUid);
      // A worker has its own user, and a master above it.
      return isOurs(uid) || (parent !== null && isTitled(parent) && isOurs(uidOf(parent)));
    },
    ownerOf,
    holderOf(inode, asked) {
      const pid = pidOf.get(inode);
      const uid = pid === undefined ? null : uidOf(pid);
      if (uid !== null) return ownerOf(uid, inode, asked);
      if (!blind) return null;
      // php-fpm's master, and so its socket, is root's.
      const guessed = guess(0, asked);
      return guessed === null ? null : ownerOf(0, inode, asked);
    },
    startedMs(pid) {
      return ticksToMs(processStartTicks(proc.text(`${pid}/stat`) ?? ''), boot());
    },
  };
}
