/** Which access logs the requests of each upstream are written to: every place that passes to it counts. */
import { addTo } from '../base/collections.ts';
import { effectiveLogs } from './logs/logs.ts';
import { passesOf } from './passes.ts';
import { enclosing, inherited, ownOf, type Scope } from './scopes.ts';
import type { AccessLog, Directive, PassPlace, Upstream } from './types.ts';

/** `auth_request` and `mirror` make subrequests, which no access log has. What stands in http is every server's. */
function subrequestUris(scopes: readonly Scope[]): ReadonlyMap<Scope, readonly string[]> {
  const byServer = new Map<Scope, string[]>();
  for (const scope of scopes) {
    const uris = [...ownOf(scope, 'auth_request'), ...ownOf(scope, 'mirror')].flatMap(({ args }) => args.slice(0, 1));
    if (uris.length === 0) continue;
    const server = enclosing(scope, 'server');
    const owners =
      server !== null ? [server] : scopes.filter((each) => each.kind === 'server' && each.parent === scope);
    for (const owner of owners) addTo(byServer, owner, ...uris);
  }
  return byServer;
}

/** Whether this location may answer that URI; which of several does is not decided here. */
function mayAnswer(location: Scope, uri: string): boolean {
  const args = location.directive?.args ?? [];
  const pattern = args.at(-1) ?? '';
  const modifier = args.length > 1 ? args[0] : '';
  if (modifier === '=') return uri === pattern;
  if (modifier !== '~' && modifier !== '~*') return pattern !== '/' && uri.startsWith(pattern);
  try {
    return new RegExp(pattern, modifier === '~*' ? 'i' : '').test(uri);
  } catch {
    return true;
  }
}

function isSubrequest(scope: Scope, uris: ReadonlyMap<Scope, readonly string[]>): boolean {
  const server = enclosing(scope, 'server');
  const location = enclosing(scope, 'location');
  if (server === null || location === null || inherited(scope, 'log_subrequest')[0]?.args[0] === 'on') return false;
  return (uris.get(server) ?? []).some((uri) => mayAnswer(location, uri));
}

/** Upstreams by what a `*_pass` may call them, and those that a `*_pass` itself brought by its words. */
function upstreamsByName(upstreams: readonly Upstream[]) {
  const names = new Map<string, string[]>();
  const brought = new Map<readonly string[], string>();
  for (const { name, aliases, origin, protocol, servers } of upstreams) {
    for (const alias of new Set([name, ...aliases].map((each) => each.toLowerCase()))) {
      addTo(names, `${protocol} ${alias}`, name);
    }
    const [server] = servers;
    if (origin === 'implicit' && server !== undefined) brought.set(server.directive.args, name);
  }
  return { names, brought };
}

/** Every `*_pass` with what its requests leave in access logs; `upstreams` null: the request decides, it may be any. */
export function readPassPlaces(
  scopes: readonly Scope[],
  upstreams: readonly Upstream[],
  accessLogs: readonly AccessLog[],
): readonly PassPlace[] {
  const uris = subrequestUris(scopes);
  const { names, brought } = upstreamsByName(upstreams);
  // Each directive has its own words: several may stand on one line.
  const numbers = new Map<readonly string[], number>(accessLogs.map(({ args }, at) => [args, at]));
  const defaults = accessLogs.flatMap(({ byDefault }, at) => (byDefault ? [at] : []));

  function logsOf(scope: Scope): readonly number[] {
    const found = effectiveLogs(scope).flatMap((each) => (each === null ? defaults : (numbers.get(each.args) ?? [])));
    return [...new Set(found)].sort((a, b) => a - b);
  }

  function namesOf({ args }: Directive, protocol: Scope['protocol']): readonly string[] | null {
    const [text = ''] = args;
    if (text.includes('$')) return null;
    const authority = text.replace(/^[a-z]+:\/\//i, '').replace(/^(unix:[^:]*|[^/?]*).*$/s, '$1');
    const called = names.get(`${protocol} ${authority.toLowerCase()}`) ?? [];
    return [...new Set([...called, ...(brought.has(args) ? [brought.get(args) ?? ''] : [])])];
  }

  return scopes.flatMap((scope) => {
    const passes = scope.protocol === 'mail' ? [] : passesOf(scope);
    if (passes.length === 0) return [];
    const logs = isSubrequest(scope, uris) ? [] : logsOf(scope);
    return passes.map((pass) => ({ upstreams: namesOf(pass, scope.protocol), logs }));
  });
}
