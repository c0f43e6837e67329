/** Peers from names, and which upstream a peer belongs to. */

import { peerName } from '../base/address.ts';
import { addOnce } from '../base/collections.ts';
import { joined, openTargetsOf } from './open-targets.ts';
import type { NginxConfiguration, Protocol, Upstream, UpstreamServer } from './types.ts';
import { isLuaBalanced } from './upstream-groups.ts';

/** Every name that has to be resolved, once. */
export function namesToResolve(configuration: NginxConfiguration): readonly string[] {
  const servers = configuration.upstreams.flatMap((upstream) => upstream.servers);
  return [...new Set(servers.map((server) => server.lookup?.host).filter((host) => host !== undefined))];
}

/** IPv4 first, as nginx orders what getaddrinfo() gives (src/core/ngx_inet.c: ngx_inet_resolve_host). */
function peersOf(server: UpstreamServer, addresses: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const { lookup } = server;
  if (lookup === null) {
    return server.peers;
  }
  const found = addresses.get(lookup.host) ?? [];
  const ordered = [...found.filter((each) => !each.includes(':')), ...found.filter((each) => each.includes(':'))];
  return [...new Set(ordered.map((each) => peerName(each, lookup.port)).filter((peer) => peer !== null))];
}

/** The configuration with the addresses of its names filled in; a name without an entry has no peers. */
export function withAddresses(
  configuration: NginxConfiguration,
  addresses: ReadonlyMap<string, readonly string[]>,
): NginxConfiguration {
  const upstreams = configuration.upstreams.map((upstream) => ({
    ...upstream,
    servers: upstream.servers.map((server) => ({ ...server, peers: peersOf(server, addresses) })),
  }));
  return { ...configuration, upstreams };
}

function portOf(peer: string): number {
  return Number(/^(?:\[[^\]]+\]|[\d.]+):(\d{1,5})$/.exec(peer)?.[1] ?? Number.NaN);
}

/** A server by a name that has no address here, with the port of this peer: nginx may have got the peer from it. */
export function mayBeOf({ lookup, peers }: UpstreamServer, peer: string): boolean {
  return lookup !== null && peers.length === 0 && lookup.port === portOf(peer);
}

export interface Attribution {
  /**
   * The upstream of a peer as nginx logs it. `proxyHost` is the value of `$proxy_host`, null when the log has none.
   * Several candidates are one instance, their names joined by ` / `; a peer in no configuration is its own upstream.
   */
  upstreamOf(peer: string, proxyHost: string | null, protocol?: Protocol | null): string;
  /** Whether the peer, or the group of that name, stands in the configuration. */
  knows(peer: string): boolean;
  /** Whether the upstream is a target in which the request decides: its peers share one instance. */
  isOpen(upstream: string): boolean;
  /** Whether Lua chooses the peers of this upstream. */
  isBalancedByLua(upstream: string): boolean;
}

function holds(upstream: Upstream, peer: string): boolean {
  return upstream.servers.some((server) => server.peers.includes(peer));
}

/**
 * Answers from `configuration` (after `withAddresses`): by `$proxy_host`, else by the only group that holds the peer, else
 * all that hold it, as one.
 */
export function createAttribution(configuration: NginxConfiguration): Attribution {
  const byPeer = new Map<string, Upstream[]>();
  const byAlias = new Map<string, Upstream[]>();
  for (const upstream of configuration.upstreams) {
    for (const alias of upstream.aliases) {
      addOnce(byAlias, alias.toLowerCase(), upstream);
    }
    for (const peer of upstream.servers.flatMap((server) => server.peers)) {
      addOnce(byPeer, peer, upstream);
    }
  }

  const inProtocol = (upstreams: readonly Upstream[], protocol: Protocol | null): readonly Upstream[] =>
    protocol === null ? upstreams : upstreams.filter((upstream) => upstream.protocol === protocol);

  /** `$proxy_host` is about the last upstream that was asked: of an earlier one it says nothing. */
  function byProxyHost(peer: string, proxyHost: string): string | null {
    const named = inProtocol(byAlias.get(proxyHost.toLowerCase()) ?? [], 'http');
    const elsewhere = byPeer.has(peer);
    if (named.length === 0) return elsewhere ? null : (open.of(peer, 'http', proxyHost) ?? proxyHost);
    if (named.some((upstream) => upstream.aliases[0] === peer)) {
      return peer;
    }
    const exact = named.filter((upstream) => holds(upstream, peer));
    if (exact.length > 0) {
      return joined(exact);
    }
    return elsewhere ? null : joined(named);
  }

  /**
   * Names that only nginx can resolve (of another container, in another DNS), or that lead elsewhere since: the port is
   * what is left. Servers that have no address at all come first; of the others only one that nobody competes with.
   */
  function byPort(peer: string, protocol: Protocol | null): string | null {
    const port = portOf(peer);
    const named = inProtocol(configuration.upstreams, protocol).filter(({ servers }) =>
      servers.some((each) => each.lookup?.port === port),
    );
    const unresolved = named.filter(({ servers }) => servers.some((each) => mayBeOf(each, peer)));
    return joined(unresolved) ?? (named.length === 1 ? joined(named) : null);
  }

  /** nginx names the group when none of its peers was live; a unix socket is alone, and never out of use. */
  function withoutPeers(name: string): readonly Upstream[] {
    return (byAlias.get(name.toLowerCase()) ?? []).filter((upstream) => !upstream.name.startsWith('unix:'));
  }

  const open = openTargetsOf(configuration.openTargets);

  /** Lua takes its peers from anywhere: what nobody else holds is most likely theirs. */
  const byLua = configuration.upstreams.filter(isLuaBalanced);

  function upstreamOf(peer: string, proxyHost: string | null, protocol: Protocol | null = null): string {
    const told = proxyHost === null || proxyHost === '' || proxyHost === '-' ? null : byProxyHost(peer, proxyHost);
    return (
      told ??
      joined(inProtocol(byPeer.get(peer) ?? [], protocol)) ??
      joined(inProtocol(withoutPeers(peer), protocol)) ??
      open.of(peer, protocol, null) ??
      joined(inProtocol(byLua, protocol)) ??
      byPort(peer, protocol) ??
      peer
    );
  }

  return {
    upstreamOf,
    knows: (peer) => byPeer.has(peer) || withoutPeers(peer).length > 0,
    isOpen: open.has,
    isBalancedByLua: (upstream) => byLua.some(({ name }) => name === upstream),
  };
}

/** The first of several attributions that knows the peer: around a reload, lines of both configurations come. */
export function firstToKnow(attributions: readonly Attribution[]): Attribution['upstreamOf'] | null {
  const [current] = attributions;
  if (current === undefined) return null;
  return (peer, proxyHost, protocol) =>
    (attributions.find((each) => each.knows(peer)) ?? current).upstreamOf(peer, proxyHost, protocol);
}
