/** What the socket tables and a probe say about one TCP peer. */
import { canonicalIpv6 } from '../../base/address.ts';
import {
  addressKey,
  hostKey,
  isLoopbackWords,
  parseSocketAddress,
  type SocketAddress,
} from '../../parse/peer-address.ts';
import { arpNeighbours } from '../../parse/proc/counters.ts';
import { localPortCount } from '../../parse/proc/net.ts';
import type { Listener } from '../../parse/proc/socket-rows.ts';
import { type Namespace, type Namespaces, readablePid, type SocketTable } from '../places/namespaces.ts';
import type { ContainerFacts, ListenerFact, NotProbed, TcpFacts } from './facts.ts';
import type { Look } from './look.ts';
import { type OwnFirewall, refusalsTo } from './own-firewall.ts';
import type { DiagnosePorts } from './ports.ts';
import type { ProbeTarget } from './probe.ts';

export function hostText(words: readonly number[]): string {
  const bytes = new Uint8Array(new Uint32Array(words).buffer);
  if (words.length === 1) return [...bytes].join('.');
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return canonicalIpv6(hex.replace(/(.{4})(?=.)/g, '$1:')) ?? '';
}

/** A peer's address, taken apart; null for a unix socket or a name. */
export interface PeerAddress extends SocketAddress {
  readonly host: string;
  readonly isLoopback: boolean;
  /** Asked over UDP: what is bound there is in another table. */
  readonly isUdp?: boolean;
}

export function peerAddress(peer: string): PeerAddress | null {
  const address = parseSocketAddress(peer);
  if (address === null) return null;
  const host = hostText(address.words);
  return { ...address, host, isLoopback: isLoopbackWords(address.words) };
}

export const isAny = (words: readonly number[]): boolean => words.every((word) => word === 0);

/** Whether a socket bound to `words` takes connections to the address: yes, no, or it depends on IPV6_V6ONLY. */
function serves({ words }: Listener, address: SocketAddress): boolean | 'perhaps' {
  if (hostKey({ words }) === hostKey(address)) return true;
  if (!isAny(words)) return false;
  if (words.length === address.words.length) return true;
  return words.length === 4 ? 'perhaps' : false;
}

/** Where the address lives: nginx's own namespace, one other of this host, or neither. */
export function homeOf(
  address: PeerAddress,
  { nginx, others }: Namespaces,
  look: Look,
): Namespace | 'elsewhere' | null {
  if (address.isLoopback) return nginx;
  const key = hostKey(address);
  const table = look.tableOf(nginx);
  if (table === null) return null;
  if (table.addresses.has(key)) return nginx;
  const owning = others.filter((each) => look.tableOf(each)?.addresses.has(key) === true);
  const [home, another] = owning;
  // Two containers with one address: which of them nginx reaches is not known.
  return another === undefined ? (home ?? 'elsewhere') : null;
}

function boundTo({ isUdp }: PeerAddress, table: SocketTable | null): readonly Listener[] {
  return (isUdp === true ? table?.datagrams : table?.listeners) ?? [];
}

/** The sockets that serve the address, or may. */
export function listenersOf({ address }: Pick<TcpLook, 'address'>, home: Namespace, look: Look): readonly Listener[] {
  const bound = boundTo(address, look.tableOf(home));
  return bound.filter((each) => each.port === address.port && serves(each, address) !== false);
}

export interface TcpLook {
  readonly address: PeerAddress;
  readonly home: Namespace | 'elsewhere' | null;
  /** Sockets that served the address before the probe. */
  readonly servingBefore: ReadonlySet<number>;
  readonly overflowsBefore: number | null;
}

function servingInodes(table: SocketTable | null, address: PeerAddress): ReadonlySet<number> {
  const listeners = boundTo(address, table);
  return new Set(
    listeners.filter((each) => each.port === address.port && serves(each, address)).map((each) => each.inode),
  );
}

/** Before the probe. */
export function lookBefore(address: PeerAddress, namespaces: Namespaces, look: Look): TcpLook {
  const home = homeOf(address, namespaces, look);
  const table = home === null || home === 'elsewhere' ? null : look.tableOf(home);
  return {
    address,
    home,
    servingBefore: servingInodes(table, address),
    overflowsBefore: table?.overflows ?? null,
  };
}

/** Whether to probe, apart from the pace. */
export function probeTarget(
  peer: string,
  { address }: TcpLook,
  isConfigured: boolean,
  isNeeded: boolean,
  hasMaster: boolean,
  { shared }: Namespaces,
): ProbeTarget {
  const obstacles: readonly (readonly [boolean, NotProbed])[] = [
    [!isConfigured, 'not_configured'],
    [!hasMaster, 'no_nginx'],
    [!shared, 'other_namespace'],
    [address.isUdp === true, 'udp'],
    [!isNeeded, 'not_needed'],
  ];
  const obstacle = obstacles.find(([stands]) => stands)?.[1] ?? null;
  return { peer, host: address.host, port: address.port, obstacle };
}

export interface TcpContext extends OwnFirewall {
  readonly namespaces: Namespaces;
  /** After the probe. */
  readonly look: Look;
  /** Addresses and ports of peers of other `server` lines: they are meant by somebody. */
  readonly claimed: readonly SocketAddress[];
  readonly masterUid: number | null;
  /** As TcpFacts. */
  readonly unixInstead: readonly string[];
  readonly ports: DiagnosePorts;
}

export function factOf(listener: Listener, namespace: Namespace, look: Look): ListenerFact {
  const { port, queued, inode, uid } = listener;
  const owners = look.ownersOf(namespace);
  const owner = owners.ownerOf(uid, inode, { port });
  return {
    host: hostText(listener.words),
    port,
    queued,
    inode,
    owner,
    startedMs: owner.pid === null ? null : owners.startedMs(owner.pid),
    isStopped: owner.pid !== null && look.isStopped(owner.pid),
    namespace: namespace.name,
  };
}

/** nginx's own sockets; without the right to see whose they are, those of its master's user beside it. */
function isNginx(listener: Listener, namespace: Namespace, { look, namespaces, masterUid }: TcpContext): boolean {
  const owners = look.ownersOf(namespace);
  if (owners.isNginx(listener.inode, masterUid)) return true;
  return namespace === namespaces.nginx && owners.blind && listener.uid === masterUid;
}

/** What another line means is not what this one should have been. */
export function isClaimed(listener: Listener, { claimed }: TcpContext): boolean {
  const key = addressKey(listener);
  return claimed.some((each) => addressKey(each) === key || (isAny(listener.words) && each.port === listener.port));
}

type InHome = Pick<TcpFacts, 'serving' | 'perhapsServing' | 'samePort' | 'otherPorts'>;

function inHome(home: Namespace, address: PeerAddress, context: TcpContext): InHome {
  const { look } = context;
  const listeners = boundTo(address, look.tableOf(home));
  const facts = (some: readonly Listener[]): readonly ListenerFact[] => some.map((each) => factOf(each, home, look));
  const onPort = listeners.filter(({ port }) => port === address.port);
  const reached = (each: Listener): boolean => each.port !== address.port && serves(each, address) !== false;
  const stranger = (each: Listener): boolean => !isClaimed(each, context) && !isNginx(each, home, context);
  return {
    serving: facts(onPort.filter((each) => serves(each, address) === true)),
    perhapsServing: facts(onPort.filter((each) => serves(each, address) === 'perhaps')),
    samePort: facts(
      onPort.filter((each) => serves(each, address) === false && (isAny(each.words) || !isClaimed(each, context))),
    ).filter(({ inode }) => !look.ownersOf(home).isNginx(inode, context.masterUid)),
    otherPorts: facts(listeners.filter((each) => reached(each) && stranger(each))),
  };
}

function elsewhereOnHost(
  address: PeerAddress,
  home: Namespace,
  { namespaces, look }: TcpContext,
): readonly ListenerFact[] {
  const rest = [namespaces.nginx, ...namespaces.others].filter((each) => each !== home);
  return rest.flatMap((each) => {
    const listeners = boundTo(address, look.tableOf(each));
    return listeners.filter(({ port }) => port === address.port).map((listener) => factOf(listener, each, look));
  });
}

const nothing: InHome = { serving: [], perhapsServing: [], samePort: [], otherPorts: [] };

/** Only neighbours on the same network are asked by ARP; nginx's own addresses are not. */
function neighbourOf({ address, home }: TcpLook, { namespaces, ports }: TcpContext): boolean | null {
  const pid = readablePid(namespaces.nginx, ports);
  if (pid === null || home === namespaces.nginx) return null;
  return arpNeighbours(ports.proc.text(`${pid}/net/arp`) ?? '').get(address.host) ?? null;
}

/** The range can only be read for our own namespace, and its use only counted there. */
function portsOf(peer: string, { namespaces, look, ports }: TcpContext): TcpFacts['localPorts'] {
  const table = look.tableOf(namespaces.nginx);
  const range = namespaces.shared ? localPortCount(ports.proc.text('sys/net/ipv4/ip_local_port_range') ?? '') : null;
  return range === null || table === null ? null : { used: table.portsTo(peer), of: range };
}

function growth(before: number | null, after: number | null): number | null {
  return before === null || after === null ? null : after - before;
}

/** After the probe. */
export function tcpFacts(
  peer: string,
  before: TcpLook,
  { probe, icmp }: Pick<TcpFacts, 'probe' | 'icmp'>,
  context: TcpContext,
): Omit<TcpFacts, keyof ContainerFacts> {
  const { address, home } = before;
  const place = home === 'elsewhere' ? null : home;
  const table = place === null ? null : context.look.tableOf(place);
  const after = servingInodes(table, address);
  return {
    host: address.host,
    port: address.port,
    isLoopback: address.isLoopback,
    home: home === 'elsewhere' ? home : (place?.name ?? null),
    ...(place === null ? nothing : inHome(place, address, context)),
    otherNamespaces: address.isLoopback && place !== null ? elsewhereOnHost(address, place, context) : [],
    steady: after.size > 0 && [...after].every((inode) => before.servingBefore.has(inode)),
    overflows: growth(before.overflowsBefore, table?.overflows ?? null),
    icmp,
    neighbour: neighbourOf(before, context),
    probe,
    unixInstead: context.unixInstead,
    refusals: refusalsTo(address, home === context.namespaces.nginx, context),
    localPorts: portsOf(peer, context),
  };
}
