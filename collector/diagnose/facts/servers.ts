/** The lines of the configuration that peers come from, and what their names resolve to now. */
import { peerName } from '../../base/address.ts';
import { parseAddress } from '../../nginx/address.ts';
import type { NginxConfiguration, Upstream, UpstreamServer } from '../../nginx/types.ts';
import { askNames, createNameBudget } from '../../system/network/ask-names.ts';
import type { Failing } from '../impact/failures.ts';
import type { GroupFacts, NameFacts, ServerFact } from './facts.ts';
import type { DiagnosePorts } from './ports.ts';
import { peerAddress } from './tcp.ts';

export interface Configured {
  readonly upstream: Pick<Upstream, 'name' | 'origin'>;
  readonly server: UpstreamServer;
}

export type ServerNames = ReadonlyMap<string, readonly string[]>;

/** The peer of the only server that mail asks who may log in: its lines do not name it. */
export function mailAuthPeer(configuration: Pick<NginxConfiguration, 'mailAuth'> | null): string | null {
  const addresses = new Set((configuration?.mailAuth ?? []).map(({ text }) => text.replace(/^https?:\/\//, '')));
  const [only = '', another] = addresses;
  if (only === '' || another !== undefined) return null;
  const address = parseAddress(only.startsWith('unix:') ? only : only.replace(/\/.*$/s, ''));
  if (address === null || address.kind === 'name') return null;
  return address.kind === 'unix' ? address.peer : peerName(address.host, address.port ?? 80);
}

function mailServers(configuration: NginxConfiguration): readonly Configured[] {
  const peer = mailAuthPeer(configuration);
  return configuration.mailAuth.map(({ file, line, text }) => ({
    upstream: { name: 'auth_http', origin: 'implicit' },
    server: {
      file,
      line,
      address: text,
      lookup: null,
      peers: peer === null ? [] : [peer],
      weight: 1,
      maxConns: 0,
      maxFails: 0,
      failTimeoutSeconds: 0,
      backup: false,
      down: false,
      resolve: false,
      written: [],
      directive: { name: 'auth_http', args: [text] },
    },
  }));
}

export function configuredServers(configuration: NginxConfiguration | null): readonly Configured[] {
  if (configuration === null) return [];
  const servers = configuration.upstreams.flatMap((upstream) =>
    upstream.servers.map((server) => ({ upstream, server })),
  );
  return [...servers, ...mailServers(configuration)];
}

/** Only names that may explain something are asked for. */
export async function resolveServers(
  failing: Failing,
  configured: readonly Configured[],
  ports: Pick<DiagnosePorts, 'resolve'>,
): Promise<ServerNames> {
  const known = new Set(configured.flatMap(({ server }) => server.peers));
  const strange = failing.peers.some(({ peer }) => !known.has(peer));
  const wanted = configured.filter(
    ({ server }) => strange || failing.peers.some(({ peer }) => server.peers.includes(peer)),
  );
  const hosts = wanted.flatMap(({ server }) => server.lookup?.host ?? []);
  const { addresses } = await askNames(hosts, ports.resolve, createNameBudget());
  return addresses;
}

export function serverFact({ upstream, server }: Configured, names: ServerNames): ServerFact {
  const { file, line, address, lookup, maxFails, failTimeoutSeconds, maxConns, resolve, down, peers } = server;
  const { name, args } = server.directive;
  const now = lookup === null ? [] : (names.get(lookup.host) ?? []);
  return {
    file,
    line,
    upstream: upstream.name,
    address,
    written: args.length === 0 ? name : `${name} ${args[0]}`,
    name: lookup?.host ?? null,
    now,
    nowPeers: lookup === null ? [] : now.flatMap((each) => peerName(each, lookup.port) ?? []),
    peers,
    maxFails,
    failTimeoutSeconds,
    maxConns,
    follows: resolve || upstream.origin === 'variable',
    down,
  };
}

/** Lines with a name whose port the peer has, and whose addresses it no longer is. */
export function formerServers(
  peer: string,
  configured: readonly Configured[],
  names: ServerNames,
): readonly ServerFact[] {
  const port = peerAddress(peer)?.port;
  const facts = configured.filter(({ server }) => server.lookup !== null && server.lookup.port === port);
  return facts.map((each) => serverFact(each, names)).filter(({ follows, now }) => !follows && now.length > 0);
}

export function groupFacts(
  group: Failing['groups'][number],
  configured: readonly Configured[],
  names: ServerNames,
): GroupFacts {
  const servers = configured.filter(({ upstream }) => upstream.name === group.upstream);
  return { ...group, servers: servers.map((each) => serverFact(each, names)) };
}

export function nameFacts(
  one: Failing['names'][number],
  configured: readonly Configured[],
  names: ServerNames,
): NameFacts {
  const servers = configured.filter(({ server }) => server.lookup?.host === one.name);
  return { ...one, servers: servers.map((each) => serverFact(each, names)) };
}
