/** `proxy_pass` and its relatives: which group each names, and the upstreams that exist because no group is named. */
import { parseAddress } from './address.ts';
import { ownOf, type Scope } from './scopes.ts';
import { unknownText, type Variables } from './syntax/variables.ts';
import type { Directive, OpenTarget, Place, Protocol, Upstream } from './types.ts';
import { plainServer, targetOf } from './upstream-groups.ts';

const passNames = [
  'proxy_pass',
  'fastcgi_pass',
  'uwsgi_pass',
  'scgi_pass',
  'grpc_pass',
  'memcached_pass',
  'tunnel_pass',
] as const;

const defaultPorts: Readonly<Record<string, number>> = { http: 80, https: 443, grpc: 80, grpcs: 443 };

/** The *_pass directives that stand in this very context. */
export function passesOf(scope: Scope): readonly Directive[] {
  const passes: Directive[] = [];
  for (const name of passNames) passes.push(...ownOf(scope, name));
  return passes;
}

interface Target {
  /** `host`, `host:port`, `[v6]:port` or `unix:/path`, without scheme and URI. */
  readonly authority: string;
  readonly defaultPort: number | null;
}

function readTarget(text: string, pass: string): Target | null {
  const scheme = /^([a-z]+):\/\//i.exec(text);
  const rest = scheme === null ? text : text.slice(scheme[0].length);
  const known = scheme?.[1]?.toLowerCase() ?? (pass === 'grpc_pass' ? 'grpc' : '');
  if (pass === 'proxy_pass' && rest.startsWith(unknownText)) {
    return null;
  }
  const authority = rest.startsWith('unix:') ? unixPart(rest) : (/^[^/?]*/.exec(rest)?.[0] ?? '');
  return { authority, defaultPort: defaultPorts[known] ?? null };
}

function unixPart(rest: string): string {
  const colon = rest.indexOf(':', 5);
  return colon < 0 ? rest : rest.slice(0, colon);
}

/** Groups by their names in lower case: nginx compares without regard to it. */
type Groups = ReadonlyMap<string, Upstream>;

/**
 * `http://backend$1`: only the request knows how the text continues, but a path is what people write there. Taken as the
 * host when the known part is a group, or ends in a port.
 */
function knownPart(authority: string, groups: Groups): string | null {
  const cut = authority.indexOf(unknownText);
  if (cut < 0) {
    return authority;
  }
  const head = authority.slice(0, cut);
  return groups.has(head.toLowerCase()) || /:\d+$/.test(head) ? head : null;
}

/** An upstream without a group. Its name is what `$proxy_host` shows; two ports under one such name are distinguished. */
function implicitUpstream(
  target: Target,
  directive: Directive,
  protocol: Protocol,
  byVariable: boolean,
  taken: ReadonlyMap<string, Upstream>,
): Upstream | null {
  const server = targetOf(target.authority, target.defaultPort);
  const address = parseAddress(target.authority);
  if (server === null || address === null) {
    return null;
  }
  const unix = address.kind === 'unix';
  const plain = unix ? address.peer : hostText(address.host);
  const port = unix ? null : (address.port ?? target.defaultPort);
  const short = unix || port === target.defaultPort ? plain : `${plain}:${port}`;
  const same = taken.get(`${protocol} ${short.toLowerCase()}`);
  const clash = same !== undefined && same.servers[0]?.address !== targetAddress(plain, port, unix);
  return {
    name: clash && !unix ? `${plain}:${port}` : short,
    protocol,
    origin: byVariable ? 'variable' : 'implicit',
    aliases: unix ? [plain, 'localhost'] : [...new Set([short, plain])],
    method: 'round_robin',
    zone: null,
    keepalive: null,
    servers: [{ ...plainServer(server, directive), address: targetAddress(plain, port, unix), resolve: byVariable }],
    file: directive.file,
    line: directive.line,
  };
}

function hostText(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function targetAddress(plain: string, port: number | null, unix: boolean): string {
  return unix ? plain : `${plain}:${port}`;
}

export interface PassReading {
  readonly implicit: readonly Upstream[];
  readonly undecided: readonly (Place & { readonly text: string })[];
  readonly open: readonly OpenTarget[];
}

/** Follows every *_pass of the protocol. Those that name one of `groups` add nothing. */
export function readPasses(
  scopes: readonly Scope[],
  protocol: Protocol,
  groups: readonly Upstream[],
  variables: Variables,
): PassReading {
  const byName: Groups = new Map(groups.map((group) => [group.name.toLowerCase(), group]));
  const implicit = new Map<string, Upstream>();
  const undecided = new Map<Directive, Place & { readonly text: string }>();
  const open = new Map<string, OpenTarget>();

  function follow(directive: Directive, text: string, byVariable: boolean): void {
    const target = readTarget(text, directive.name);
    const authority = target === null ? null : knownPart(target.authority, byName);
    if (authority === null || target?.authority.includes(unknownText) === true) {
      const [name = ''] = directive.args;
      const isNamed = authority !== null && open.get(name)?.isNamed !== false;
      open.set(name, { name, protocol, isNamed });
    }
    if (target === null || authority === null) {
      const { file, line, name, args } = directive;
      undecided.set(directive, { file, line, text: `${name} ${args[0]}` });
      return;
    }
    if (byName.has(authority.toLowerCase())) {
      return;
    }
    const upstream = implicitUpstream({ ...target, authority }, directive, protocol, byVariable, implicit);
    const key = `${protocol} ${upstream?.name.toLowerCase()}`;
    if (upstream !== null && !implicit.has(key)) {
      implicit.set(key, upstream);
    }
  }

  /** Targets that were followed, by the directive's name: thousands of servers may pass to the same variable. */
  const done = new Map<string, Set<string>>(passNames.map((name) => [name, new Set()]));
  for (const scope of scopes.filter((each) => each.protocol === protocol)) {
    for (const directive of passesOf(scope)) {
      const written = directive.args[0] ?? '';
      const known = done.get(directive.name);
      for (const text of variables.expand(written, scope)) {
        if (known?.has(text) !== true || text.includes(unknownText)) follow(directive, text, written.includes('$'));
        known?.add(text);
      }
    }
  }
  return { implicit: [...implicit.values()], undecided: [...undecided.values()], open: [...open.values()] };
}
