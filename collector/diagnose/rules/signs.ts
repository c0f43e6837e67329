/** The sentences about evidence: what was seen, and what that rules out. Causes have theirs in wording.ts. */

import { plural } from '../../base/text.ts';
import type { FailureKind } from '../../model.ts';
import type { ListenerFact, NamespaceName, Owner, PeerFacts, ProbeFact, TcpFacts } from '../facts/facts.ts';
import { dated, trial } from '../finding.ts';
import type { KindFailures } from '../impact/traffic.ts';

/** `12:03:04` on this host's clock; `2026-11-21 12:03:04` on another day. */
export type TimeText = (ms: number) => string;

export function endpoint(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

export function ownerText({ user, uid, pid, isGuess, command, unit, container, containerName }: Owner): string {
  const which = command === null ? '' : ` (${command})`;
  const process = pid === null ? null : `${isGuess ? 'most likely ' : ''}pid ${pid}${which}`;
  const parts = [`user ${user}${user === String(uid) ? '' : ` (uid ${uid})`}`, process, unit];
  const inside =
    container === null ? [] : [`container ${containerName === null ? container : `${containerName} (${container})`}`];
  return [...parts, ...inside].filter((part) => part !== null).join(', ');
}

export function placeText({ is, container, pid }: NamespaceName): string {
  if (container !== null) return `container ${container}`;
  if (is === 'nginx') return "nginx's network namespace";
  return is === 'host' ? "this host's network namespace" : `the network namespace of pid ${pid}`;
}

const kindTexts: Readonly<Record<FailureKind, string>> = {
  refused: 'connections refused',
  timed_out: 'connections without an answer in time',
  unreachable: 'connections to an unreachable host',
  socket_missing: 'connections to a socket file that does not exist',
  denied: 'connections not permitted',
  backlog_full: 'connections that found the queue of the socket full',
  no_ports: 'connections without a free local port',
  no_files: 'connections without a free file descriptor',
  worker_connections: 'requests without a free worker_connection',
  no_live: 'requests without a live upstream',
  resolve: 'names not resolved',
  tls: 'TLS handshakes failed',
  reset: 'connections reset by the peer',
  closed_early: 'connections closed before the answer was complete',
  read_timeout: 'requests without an answer in time',
  bad_response: 'answers that nginx cannot use',
  other: 'requests failed at the upstream',
};

export function failureText(kind: FailureKind, failures: KindFailures, time: TimeText): string {
  const { count, firstMs, lastMs, errno } = failures;
  const when = time(lastMs) === time(firstMs) ? `at ${time(lastMs)}` : `from ${time(firstMs)} to ${time(lastMs)}`;
  // Seen in the socket table, before nginx gives up and writes a line.
  if (failures.message === '' && errno === null) return `${kindTexts[kind]} now: ${count}`;
  return `nginx's error log: ${kindTexts[kind]} ${count === 1 ? 'once' : `${count} times`}${errno === null ? '' : ` (errno ${errno})`}, ${when}`;
}

function listenerText({ host, port, owner }: ListenerFact): string {
  return `${endpoint(host, port)} (${ownerText(owner)})`;
}

function list(listeners: readonly ListenerFact[]): string {
  const most = 4;
  const shown = listeners.slice(0, most).map(listenerText).join(', ');
  return listeners.length > most ? `${shown} and ${listeners.length - most} more` : shown;
}

const notProbed: Readonly<Record<Extract<ProbeFact, { is: 'not_probed' }>['why'], string>> = {
  off: 'not probed: `probe: off`',
  not_configured: 'not probed: this peer is in no configuration',
  other_namespace: 'not probed: nginx is in another network namespace, and this process cannot connect from there',
  too_soon: 'not probed again: the last probe is less than 10 s ago',
  not_needed: 'not probed: another connection would show nothing more',
  udp: 'not probed: UDP has no connections',
  no_nginx: 'not probed: no running nginx was found',
};

const longestRule = 160;

function shortened(text: string): string {
  return text.length > longestRule ? `${text.slice(0, longestRule - 1)}…` : text;
}

function probeText(probe: ProbeFact): string {
  switch (probe.is) {
    case 'connected':
      return 'test connection from this host just now: succeeded';
    case 'refused':
      return 'test connection from this host just now: refused';
    case 'silent':
      return 'test connection from this host just now: no answer within 1 s';
    case 'unreachable':
      return 'test connection from this host just now: host or network unreachable';
    case 'denied':
      return 'test connection from this host just now: not permitted';
    case 'failed':
      return `test connection from this host just now: failed: ${probe.code}`;
    case 'not_probed':
      return notProbed[probe.why];
  }
}

export const signs = {
  nothingListens: ({ port, home }: TcpFacts) =>
    `no socket listens on port ${port} in ${home === null || home === 'elsewhere' ? 'the host' : placeText(home)}`,
  /** Of a process that takes nothing. */
  stopped: (pid: number | null) =>
    `its process ${pid === null ? '' : `${pid} `}is stopped (state T): it was sent SIGSTOP`,
  listens: (listeners: readonly ListenerFact[]) => `a socket listens: ${list(listeners)}`,
  listensElsewhere: (listeners: readonly ListenerFact[]) =>
    `something listens on the port, but on another address: ${list(listeners)}`,
  otherPorts: (listeners: readonly ListenerFact[]) => `other ports with a listener there: ${list(listeners)}`,
  inNamespace: (listeners: readonly ListenerFact[]) =>
    listeners.map((each) => `${listenerText(each)} listens in ${placeText(each.namespace)}`).join('; '),
  ipv6Only: (listeners: readonly ListenerFact[]) =>
    `only an IPv6 socket has the port: ${list(listeners)}; if its program asked for IPv6 only, it does not serve IPv4`,
  published: (listeners: readonly ListenerFact[]) =>
    `the port is published by a container's runtime: ${list(listeners)}; it is the container behind it that refuses`,
  mayBePublished:
    'its process cannot be seen: if a container runtime publishes the port (docker-proxy), the container refuses',
  queue: ({ queued }: ListenerFact) => `${plural(queued, 'connection')} in its queue, not accepted yet`,
  overflows: (count: number) => `the kernel counted ${plural(count, 'overflow')} of a listen queue during the probe`,
  probe: (probe: ProbeFact) => trial(probeText(probe)),
  neighbour: (host: string, answered: boolean) =>
    answered
      ? `${host} has answered ARP recently: the host is up`
      : `${host} does not answer ARP: no host has this address now`,
  away: ({ host, home }: TcpFacts) =>
    home === 'elsewhere'
      ? `${host} is another host: its listeners cannot be seen from here`
      : `it is not known whether ${host} is this host, a container or another host`,
  /** In peace the plugin looks seldom: until nginx was answered it listened as well. null while that socket listens. */
  lastListening({ remembered, answers, tcp }: PeerFacts, time: TimeText) {
    if (remembered === null || remembered.listeningMs === null) return null;
    const { listeningMs, inode, owner } = remembered;
    if (tcp?.serving.some((each) => each.inode === inode) === true) return null;
    const untilMs = Math.max(listeningMs, answers?.lastConnectedMs ?? listeningMs);
    return dated(`something listened there until ${time(untilMs)}${owner === null ? '' : `: ${ownerText(owner)}`}`);
  },
  unit: ({ unit }: PeerFacts) =>
    unit === null
      ? null
      : `${unit.unit} should serve it, by ${unit.file}${unit.isMasked ? '; the unit is masked' : ''}${unit.socket === null ? '' : `; ${unit.socket} listens for it`}`,
  lastOwner: ({ remembered }: PeerFacts) =>
    remembered?.owner == null ? null : `who served it: ${ownerText(remembered.owner)}`,
  neverListened: ({ remembered }: PeerFacts, time: TimeText) =>
    remembered !== null && remembered.listeningMs === null
      ? dated(`nothing has listened there since the plugin began to watch at ${time(remembered.watchedSinceMs)}`)
      : null,
  oom: ({ remembered }: PeerFacts) =>
    remembered !== null && remembered.listeningMs !== null && (remembered.oomKills ?? 0) > 0
      ? dated(
          `the kernel killed ${plural(remembered.oomKills ?? 0, 'process', 'processes')} because memory ran out at that time (OOM)`,
        )
      : null,
  /** Rules of this host that refuse nginx's connections; null where there are none, or they may not be read. */
  rules({ refusals }: TcpFacts): string | null {
    const sure = (refusals ?? []).filter(({ isSure }) => isSure);
    const shown = (sure.length > 0 ? sure : (refusals ?? [])).slice(0, 2);
    const [first] = shown;
    if (first === undefined) return null;
    const how = first.isSure ? { drop: 'drops', reject: 'rejects' }[first.does] : `may ${first.does}`;
    return `this host's firewall ${how} it: ${shown.map(({ chain, text }) => `${shortened(text)} (${chain})`).join(' | ')}`;
  },
  name: (name: string, now: readonly string[]) =>
    now.length === 0 ? `${name} resolves to nothing now` : `${name} resolves to ${now.join(', ')} now`,
} as const;
