/** Unix sockets of the program that served a port before: it was moved there, and nginx still asks the port. Bounded. */
import { listeningPaths } from '../../parse/proc/net.ts';
import { parseProcStatus } from '../../parse/proc/pid.ts';
import type { Owner } from '../facts/facts.ts';
import type { DiagnosePorts } from '../facts/ports.ts';
import { type Namespace, readablePid } from './namespaces.ts';
import type { Owners } from './owners.ts';

const mostPaths = 300;
/** The time of boot has full seconds. */
const roundMs = 2000;

interface Before {
  readonly owner: Owner;
  /** When it was last seen to listen on the port. */
  readonly listeningMs: number;
}

function isSame({ owner: before, listeningMs }: Before, now: Owner, startedMs: number | null): boolean {
  if (now.pid !== null && now.pid === before.pid) return true;
  if (now.unit !== null && now.unit === before.unit) return true;
  const isAlike = now.uid === before.uid && now.command !== null && now.command === before.command;
  const isOtherScript = now.script != null && before.script != null && now.script !== before.script;
  return isAlike && !isOtherScript && startedMs !== null && startedMs > listeningMs - roundMs;
}

/** Whose descriptors may not be seen is known by its command line, if that names the socket. */
function isNamedBy(path: string, one: Before, { pids }: Namespace, owners: Owners, { proc }: DiagnosePorts): boolean {
  return pids.some((pid) => {
    if (proc.text(`${pid}/cmdline`)?.includes(path) !== true) return false;
    const { uid } = parseProcStatus(proc.text(`${pid}/status`) ?? '');
    const command = (proc.text(`${pid}/comm`) ?? '').trim();
    const isAlike = uid === one.owner.uid && command === one.owner.command;
    return isAlike && (owners.startedMs(pid) ?? 0) > one.listeningMs - roundMs;
  });
}

export function movedSockets(
  before: Before,
  namespace: Namespace,
  owners: Owners,
  ports: DiagnosePorts,
): readonly string[] {
  const reader = readablePid(namespace, ports);
  const text = reader === null ? '' : (ports.proc.text(`${reader}/net/unix`) ?? '');
  const moved = listeningPaths(text)
    .slice(0, mostPaths)
    .filter(({ inode, path }) => {
      if (owners.blind) return isNamedBy(path, before, namespace, owners, ports);
      const now = owners.holderOf(inode, { path });
      return now !== null && isSame(before, now, now.pid === null ? null : owners.startedMs(now.pid));
    });
  return [...new Set(moved.map(({ path }) => path))].slice(0, 4);
}
