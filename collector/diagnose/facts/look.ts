/** One check of everything that listens on this host, shared by all peers of a diagnosis. */
import { parseProcState } from '../../parse/proc/pid.ts';
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
      const { id } = namespace.name;
      const table = tables.has(id) ? (tables.get(id) ?? null) : readSockets(namespace, peers, ports);
      tables.set(id, table);
      return table;
    },
    ownersOf(namespace) {
      const known = owners.get(namespace.name.id) ?? createOwners(namespace, ports);
      owners.set(namespace.name.id, known);
      return known;
    },
    isStopped: (pid) => /^[Tt]$/.test(parseProcState(ports.proc.text(`${pid}/status`) ?? '') ?? ''),
  };
}
