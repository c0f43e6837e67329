/** One check of everything that listens on this host, shared by all peers of a diagnosis. */
import { madeAt } from '../../base/collections.ts';
import { isStoppedState } from '../../parse/proc/pid.ts';
import { type Namespace, readSockets, type SocketTable } from '../places/namespaces.ts';
import { createOwners, type Owners } from '../places/owners.ts';
import type { DiagnosePorts } from './ports.ts';

export interface Look {
  tableOf(namespace: Namespace): SocketTable | null;
  ownersOf(namespace: Namespace): Owners;
  /** State T: somebody sent it SIGSTOP, or a debugger holds it. */
  isStopped(pid: number): boolean;
}

export function createLook(peers: readonly string[], ports: DiagnosePorts): Look {
  const tables = new Map<string, SocketTable | null>();
  const owners = new Map<string, Owners>();
  return {
    tableOf(namespace) {
      return madeAt(tables, namespace.name.id, () => readSockets(namespace, peers, ports));
    },
    ownersOf(namespace) {
      return madeAt(owners, namespace.name.id, () => createOwners(namespace, ports));
    },
    isStopped: (pid) => isStoppedState(ports.proc.text(`${pid}/status`) ?? ''),
  };
}
