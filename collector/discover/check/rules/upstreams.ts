/** Settings of upstreams that make failures more likely, or harder to distinguish. Pure. */
import { nginxLine } from '../../../base/syntax/nginx-words.ts';
import type { Upstream, UpstreamServer } from '../../../nginx/types.ts';
import { isLuaBalanced } from '../../../nginx/upstream-groups.ts';
import { openNamesText } from '../../../system/network/ask-names.ts';
import type { CheckFacts } from '../facts.ts';
import { finding, type UnwordedFinding } from '../finding.ts';
import { withHost, withParameter } from './edits.ts';

/** Up to nginx's default: the peer is out and back while others of the group restart. */
const shortFailTimeout = 10;

function serverLine({ directive: { args } }: UpstreamServer, maxFails: number): string {
  return nginxLine('server', withParameter(args, 'max_fails', String(maxFails)));
}

function isLoopbackPair(addresses: readonly string[]): boolean {
  return addresses.includes('::1') && addresses.includes('127.0.0.1');
}

function nameRules(
  upstream: Upstream,
  server: UpstreamServer,
  { addresses, strangers, found }: CheckFacts,
): readonly UnwordedFinding[] {
  const { lookup } = server;
  if (lookup === null || upstream.origin === 'variable') return [];
  const now = addresses.get(lookup.host);
  // Not asked, or not answered in time: nothing is known of it.
  if (now === undefined) return [];
  const { name, args } = server.directive;
  const line = nginxLine(name, withHost(args, lookup.host, '127.0.0.1'));
  const values = { upstream: upstream.name, line, port: String(lookup.port), now: now.join(', ') };
  if (now.length === 0) {
    const isElsewhere = found.master?.container != null;
    const code = isElsewhere || server.resolve ? 'name_not_from_here' : 'name_unresolved';
    return [finding(code, lookup.host, server, { ...values, where: found.master?.container ?? '' })];
  }
  if (isLoopbackPair(now)) return [finding('localhost_two_addresses', lookup.host, server, values)];
  const old = server.resolve ? [] : strangers.filter((peer) => peer.endsWith(`:${lookup.port}`));
  return old.length === 0 ? [] : [finding('name_moved', lookup.host, server, { ...values, old: old.join(', ') })];
}

/** nginx never ejects the only peer of a group: ngx_http_upstream_round_robin.c, `peers->single`. */
function singleRules(upstream: Upstream): readonly UnwordedFinding[] {
  const [server, another] = upstream.servers;
  if (isLuaBalanced(upstream)) return [];
  if (upstream.origin !== 'group' || server === undefined || another !== undefined) return [];
  if (server.peers.length !== 1 || server.maxFails === 0 || server.resolve) return [];
  const line = serverLine(server, 0);
  return [finding('single_server', upstream.name, server, { line, peer: server.peers[0] ?? '' })];
}

function maxFailsRules(upstream: Upstream): readonly UnwordedFinding[] {
  if (isLuaBalanced(upstream) || upstream.origin !== 'group') return [];
  if (upstream.servers.flatMap(({ peers }) => peers).length < 2) return [];
  const touchy = upstream.servers.filter(
    ({ maxFails, failTimeoutSeconds, down }) => maxFails === 1 && failTimeoutSeconds <= shortFailTimeout && !down,
  );
  const [first] = touchy;
  if (first === undefined) return [];
  const lines = touchy.map((server) => `${server.file}:${server.line}  ${serverLine(server, 3)}`);
  return [
    finding('max_fails_one', upstream.name, first, {
      seconds: String(first.failTimeoutSeconds),
      lines: lines.join('\n'),
    }),
  ];
}

function openNameRules({ openNames, found }: CheckFacts): readonly UnwordedFinding[] {
  const text = openNamesText(openNames);
  return text === null ? [] : [finding('names_not_asked', found.confPath, null, { text })];
}

export function upstreamRules(facts: CheckFacts): readonly UnwordedFinding[] {
  const ofEach = facts.configuration.upstreams.flatMap((upstream) => [
    ...upstream.servers.flatMap((server) => nameRules(upstream, server, facts)),
    ...singleRules(upstream),
    ...maxFailsRules(upstream),
  ]);
  return [...openNameRules(facts), ...ofEach];
}
