/** Which access logs the requests of each upstream are written to: every place that passes to it counts. */
import { effectiveLogs } from './logs.ts';
import { passesOf } from './passes.ts';
import { enclosing, inherited, ownOf, type Scope } from './scopes.ts';
import type { AccessLog, PassPlace, Upstream } from './types.ts';

/** `auth_request` and `mirror` make subrequests, which no access log has. */
function subrequestUris(scopes: readonly Scope[]): ReadonlyMap<Scope, readonly string[]> {
  const byServer = new Map<Scope, string[]>();
  for (const scope of scopes) {
    const uris = [...ownOf(scope, 'auth_request'), ...ownOf(scope, 'mirror')].flatMap(({ args }) => args.slice(0, 1));
    const servers = scopes.filter((each) => each.kind === 'server' && within(each, scope));
    const owners = servers.length > 0 ? servers : [enclosing(scope, 'server')];
    for (const server of owners) {
      if (server !== null && uris.length > 0) byServer.set(server, [...(byServer.get(server) ?? []), ...uris]);
    }
  }
  return byServer;
}

function within(scope: Scope, outer: Scope): boolean {
  for (let each: Scope | null = scope; each !== null; each = each.parent) if (each === outer) return true;
  return false;
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

/** @returns null: the request decides, it may be any of them */
function namesOf(text: string, place: { file: string; line: number }, upstreams: readonly Upstream[]) {
  if (text.includes('$')) return null;
  const authority = text.replace(/^[a-z]+:\/\//i, '').replace(/^(unix:[^:]*|[^/?]*).*$/s, '$1');
  const named = upstreams.filter(
    ({ origin, aliases, name, file, line }) =>
      [name, ...aliases].some((alias) => alias.toLowerCase() === authority.toLowerCase()) ||
      (origin === 'implicit' && file === place.file && line === place.line),
  );
  return named.map(({ name }) => name);
}

/** Every `*_pass` with what its requests leave in access logs. */
export function readPassPlaces(
  scopes: readonly Scope[],
  upstreams: readonly Upstream[],
  accessLogs: readonly AccessLog[],
): readonly PassPlace[] {
  const uris = subrequestUris(scopes);
  return scopes.flatMap((scope) => {
    const passes = scope.protocol === 'mail' ? [] : passesOf(scope);
    if (passes.length === 0) return [];
    const stated = effectiveLogs(scope);
    const logs = accessLogs.flatMap((log, at) =>
      stated.some((each) => (each === null ? log.byDefault : each.file === log.file && each.line === log.line))
        ? [at]
        : [],
    );
    const own = upstreams.filter(({ protocol }) => protocol === scope.protocol);
    return passes.map((pass) => ({
      upstreams: namesOf(pass.args[0] ?? '', pass, own),
      logs: isSubrequest(scope, uris) ? [] : logs,
    }));
  });
}
