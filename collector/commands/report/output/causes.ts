/** What logs alone show of causes, and what they cannot show. Pure. */
import type { Report, ReportIncident } from '../../../aggregate/report/totals.ts';
import type { FailureKind } from '../../../model.ts';

const meanings: Readonly<Record<FailureKind, string>> = {
  refused:
    'the peer’s host answered that nothing listens on the port, or a firewall rejected: the application was stopped, crashed, restarting, or listens elsewhere. Logs do not show which of these.',
  timed_out:
    'nobody answered the connection within proxy_connect_timeout: host dead, packets dropped by a firewall, or the accept queue full. Logs cannot distinguish these.',
  unreachable: 'there was no route, or the network reported the host as unreachable.',
  socket_missing: 'the unix socket’s file did not exist: the application was not running, or its path differs.',
  denied: 'nginx was not permitted to connect: the socket’s mode and owner, SELinux, or a local firewall.',
  backlog_full: 'the application accepted too slowly and its unix socket’s queue was full.',
  no_ports:
    'this host had no local port left for the peer: too many short connections (keepalive to the upstream avoids them); or proxy_bind names an address that it does not have. Logs cannot distinguish these.',
  no_files: 'a worker ran out of file descriptors: worker_rlimit_nofile.',
  worker_connections: 'a worker ran out of worker_connections; a proxied request takes two.',
  no_live:
    'every peer of the group was ejected by max_fails. This is a consequence: the failures before it name the cause.',
  resolve: 'a name did not resolve: the resolver failed, or the name does not exist.',
  tls: 'the TLS handshake with the peer failed: its certificate, its name, or the protocol versions.',
  reset: 'the peer broke a connection that it had accepted: it crashed, was restarted, or closed idle keepalives.',
  closed_early: 'the peer closed before it had answered: the application crashed or was killed while it worked.',
  read_timeout: 'connected, but no answer within proxy_read_timeout: the application was slow or stuck.',
  bad_response: 'nginx could not use the answer: the header was too large, or it was another protocol.',
  other: 'another failure: see its lines in the error log.',
};

/** Shorter refusals than this look like a restart. */
const restartSeconds = 30;
/** Peers of which failures began within so many seconds of each other. */
const together = 5;

const noIpv6 =
  'nginx had no local IPv6 address to connect from (errno 99), and all of these peers are IPv6 addresses: write an IPv4 address instead of a name that has both. Ports are not used up.';

function isOnlyIpv6(timeline: readonly ReportIncident[]): boolean {
  const peers = timeline.filter(({ kind }) => kind === 'no_ports').map(({ peer }) => peer);
  return peers.length > 0 && peers.every((peer) => peer?.startsWith('[') === true);
}

/** By kind, the frequent ones first, with what it means. */
export function causesOf({
  errors,
  timeline,
}: Report): readonly { kind: FailureKind; count: number; meaning: string }[] {
  return Object.entries(errors.byKind).flatMap(([kind, count]) => {
    const isIpv6 = kind === 'no_ports' && isOnlyIpv6(timeline);
    const meaning = isIpv6 ? noIpv6 : (meanings as Readonly<Record<string, string>>)[kind];
    return meaning === undefined ? [] : [{ kind: kind as FailureKind, count, meaning }];
  });
}

/** Signs in the order of events that say more than the single line. */
export function signsOf({ timeline, errors }: Pick<Report, 'timeline' | 'errors'>): readonly string[] {
  const refused = timeline.filter(({ kind, peer }) => kind === 'refused' && peer !== null);
  const short = refused.filter(({ start, end, count }) => count > 1 && end - start < restartSeconds);
  const inTurn = short.filter((each, at) => {
    const before = short[at - 1];
    const isAfter = before !== undefined && each.start >= before.end;
    return isAfter && before.peer !== each.peer && each.start - before.end < 600;
  });
  const signs: string[] = [];
  if (inTurn.length > 0) signs.push('several peers refused in turn, each for seconds: typical of a rolling deploy');
  else if (short.length > 0) signs.push('refusals began and ended within seconds: typical of a restart');
  // What failed when the log begins, began before it.
  const begun = refused.filter(({ start }) => errors.first === null || start - errors.first > together);
  const crowd = begun.map(({ start }) => {
    const close = begun.filter((each) => Math.abs(each.start - start) <= together);
    return new Set(close.map(({ peer }) => peer)).size;
  });
  const most = Math.max(0, ...crowd);
  if (most > 1)
    signs.push(`${most} peers began to refuse at the same moment: look for what they share (host, deploy, network)`);
  return signs;
}
