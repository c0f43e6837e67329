/** Who holds a listening socket: its user always, the process only with root's rights or as the same user. */
import { containerOf, type ProcessUnit, runtimeOf, unitOf } from '../../parse/proc/cgroup.ts';
import { parseNginxTitle, parseProcStatus } from '../../parse/proc/pid.ts';
import { attempt } from '../../system/fs.ts';
import type { Owner } from './facts.ts';
import type { Namespace } from './namespaces.ts';
import type { DiagnosePorts } from './ports.ts';

export interface Owners {
  ownerOf(uid: number, inode: number): Owner;
  /** Of a socket whose user /proc does not tell (unix); null when its process may not be seen. */
  holderOf(inode: number): Owner | null;
  /** nginx itself holds it, as far as that can be seen. */
  isNginx(inode: number): boolean;
  /** Descriptors of some process could not be looked at. */
  readonly blind: boolean;
}

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

/** The only unit that processes of this user are in: then it is that one; of several none is guessed. */
function onlyUnit(uid: number, pids: readonly number[], ports: DiagnosePorts): ProcessUnit | null {
  const units = new Map<string, ProcessUnit>();
  for (const pid of pids) {
    if (parseProcStatus(ports.proc.text(`${pid}/status`) ?? '').uid !== uid) continue;
    const unit = unitOfPid(pid, ports);
    if (unit === null) return null;
    units.set(unit.unit, unit);
  }
  const [only, another] = [...units.values()];
  return another === undefined ? (only ?? null) : null;
}

export function createOwners({ pids }: Pick<Namespace, 'pids'>, ports: DiagnosePorts): Owners {
  const { proc } = ports;
  const sorted = [...pids].sort((a, b) => a - b);
  const { pidOf, blind } = findHolders(sorted, ports);
  return {
    blind,
    isNginx(inode) {
      const pid = pidOf.get(inode);
      return pid !== undefined && parseNginxTitle(proc.text(`${pid}/cmdline`) ?? '') !== null;
    },
    ownerOf,
    holderOf(inode) {
      const pid = pidOf.get(inode);
      const uid = pid === undefined ? null : parseProcStatus(proc.text(`${pid}/status`) ?? '').uid;
      return uid === null ? null : ownerOf(uid, inode);
    },
  };

  function ownerOf(uid: number, inode: number): Owner {
    const pid = pidOf.get(inode) ?? null;
    const unit = pid === null ? onlyUnit(uid, sorted, ports) : unitOfPid(pid, ports);
    const cgroup = pid === null ? '' : (proc.text(`${pid}/cgroup`) ?? '');
    return {
      uid,
      user: ports.userName(uid),
      pid,
      command: pid === null ? null : (proc.text(`${pid}/comm`)?.trim() ?? null),
      unit: unit?.unit ?? null,
      unitUser: unit?.user ?? null,
      container: containerOf(cgroup),
      runtime: runtimeOf(cgroup),
    };
  }
}
