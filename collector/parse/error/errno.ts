/** What the number of an error says, never its text: libcs differ. */
import type { Kind } from '../../model.ts';

/** Of one kind each, for whoever looks a number up. */
function kindsOf(table: Readonly<Partial<Record<Kind, readonly number[]>>>): ReadonlyMap<number, Kind> {
  return new Map(
    Object.entries(table).flatMap(([kind, numbers]) => numbers.map((errno) => [errno, kind as Kind] as const)),
  );
}

/** Linux; BSD and macOS; Solaris and Linux on MIPS; Windows. */
const errnoKinds = kindsOf({
  refused: [111, 61, 146, 10061],
  timed_out: [110, 60, 145, 10060],
  // Network or host unreachable, network or host down, address family not supported, Linux's ENONET.
  unreachable: [101, 51, 128, 10051, 113, 65, 148, 10065, 100, 50, 127, 10050, 112, 64, 147, 10064, 97, 47, 124, 10047],
  // Reset, broken pipe, aborted, not connected.
  reset: [104, 54, 131, 10054, 32, 10058, 103, 53, 130, 10053, 107, 57, 134, 10057],
  // 10055 is what Windows says when its ports are used up.
  no_ports: [99, 49, 126, 10049, 10055],
  // 23 is the system's limit where 24 is the process's: nginx treats them alike (ngx_event_accept.c).
  no_files: [24, 23, 10024],
  // A local firewall answers sending and connecting with EPERM.
  denied: [1, 13, 10013],
});

/** Numbers that speak of a peer only when they come from connecting. */
const connectOnly = kindsOf({
  // No such file, or a part of its path is no folder.
  socket_missing: [2, 20],
  backlog_full: [11, 35],
  // A blackhole route; ICMP's "protocol unreachable", which rules with reject may send.
  unreachable: [22, 10022, 92, 42],
  no_ports: [98, 48, 125, 10048],
});

/** Of a connection that was not made. */
export function connectKind(errno: number | null): Kind {
  if (errno === null) return 'other';
  return errnoKinds.get(errno) ?? connectOnly.get(errno) ?? 'other';
}

/** Of one that was made. */
export function numberKind(errno: number | null): Kind {
  return errno === null ? 'other' : (errnoKinds.get(errno) ?? 'other');
}

/** The process's limit of descriptors is reached, or the system's. */
export const isOutOfFiles = (errno: number | null): boolean => numberKind(errno) === 'no_files';
