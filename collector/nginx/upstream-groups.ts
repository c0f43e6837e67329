/** `upstream NAME { server …; }` with every parameter of its servers (ngx_http_upstream_server, ngx_stream_upstream_server). */
import { peerName } from '../base/address.ts';
import { parseAddress } from './address.ts';
import type { Problems } from './bounds.ts';
import type { Scope } from './scopes.ts';
import { parseCount, parseSeconds } from './syntax/values.ts';
import type { Directive, Protocol, Upstream, UpstreamServer } from './types.ts';

/** Lua chooses the address for each request, and the server lines are there because nginx asks for one. */
export function isLuaBalanced({ method }: Pick<Upstream, 'method'>): boolean {
  return method.startsWith('balancer_by_lua');
}

/**
 * Addresses of 0.0.0.0/8 lead nowhere: `server 0.0.0.1;   # placeholder`. 0.0.0.0 itself and `::` are this host, which
 * is a peer like any other unless Lua chooses.
 */
function isPlaceholder({ peers, lookup }: UpstreamServer, byLua: boolean): boolean {
  const [peer = ''] = peers;
  if (lookup !== null || !/^(0\.|\[::\]:)/.test(peer)) return false;
  return byLua || !/^(0\.0\.0\.0|\[::\]):/.test(peer);
}

/** Directives of an upstream block that choose the balancing method. */
const methods: ReadonlySet<string> = new Set([
  'ip_hash',
  'least_conn',
  'least_time',
  'hash',
  'random',
  'sticky',
  'fair',
  'balancer_by_lua_block',
  'balancer_by_lua_file',
]);

type Target = Pick<UpstreamServer, 'address' | 'lookup' | 'peers'>;

/** An address as a server of an upstream; null when nginx would refuse it. `defaultPort` null: a port is mandatory. */
export function targetOf(address: string, defaultPort: number | null): Target | null {
  const parsed = parseAddress(address);
  if (parsed === null) {
    return null;
  }
  if (parsed.kind === 'unix') {
    return { address, lookup: null, peers: [parsed.peer] };
  }
  const port = parsed.port ?? defaultPort;
  if (port === null) {
    return null;
  }
  const literal = peerName(parsed.host, port);
  return literal === null
    ? { address, lookup: { host: parsed.host, port }, peers: [] }
    : { address, lookup: null, peers: [literal] };
}

/** A server as nginx takes it when nothing else is written. */
export function plainServer(target: Target, { name, args, file, line }: Directive): UpstreamServer {
  return {
    address: target.address,
    lookup: target.lookup,
    peers: target.peers,
    directive: { name, args },
    file,
    line,
    weight: 1,
    maxConns: 0,
    maxFails: 1,
    failTimeoutSeconds: 10,
    backup: false,
    down: false,
    resolve: false,
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Takes one parameter into account; false when nginx would refuse its value. */
function applyParameter(server: Mutable<UpstreamServer>, key: string, value: string | undefined): boolean {
  const count = parseCount(value);
  switch (key) {
    case 'weight':
      server.weight = count ?? server.weight;
      return count !== null;
    case 'max_conns':
      server.maxConns = count ?? server.maxConns;
      return count !== null;
    case 'max_fails':
      server.maxFails = count ?? server.maxFails;
      return count !== null;
    case 'fail_timeout': {
      const seconds = parseSeconds(value ?? '');
      server.failTimeoutSeconds = seconds ?? server.failTimeoutSeconds;
      return seconds !== null;
    }
    case 'backup':
      server.backup = true;
      return true;
    case 'down':
      server.down = true;
      return true;
    case 'resolve':
    case 'service':
      server.resolve = true;
      return true;
    default:
      return true;
  }
}

function readServer(directive: Directive, protocol: Protocol, problems: Problems): UpstreamServer | null {
  const [address = '', ...parameters] = directive.args;
  // Peers of an SRV record have their own ports; only nginx looks them up.
  const bySrv = parameters.some((parameter) => parameter.startsWith('service='));
  const target = bySrv ? { address, lookup: null, peers: [] } : targetOf(address, protocol === 'http' ? 80 : null);
  const report = (text: string): void => {
    problems.push({ code: 'invalid_value', file: directive.file, line: directive.line, text });
  };
  if (target === null) {
    report(`invalid address "${address}" in "server"`);
    return null;
  }
  const server: Mutable<UpstreamServer> = plainServer(target, directive);
  for (const parameter of parameters) {
    const equals = parameter.indexOf('=');
    const key = equals < 0 ? parameter : parameter.slice(0, equals);
    if (!applyParameter(server, key, equals < 0 ? undefined : parameter.slice(equals + 1))) {
      report(`invalid parameter "${parameter}" in "server"`);
    }
  }
  return server;
}

/** The groups of one `http` or `stream` context. */
export function readGroups(scope: Scope, protocol: Protocol, problems: Problems): readonly Upstream[] {
  const groups: Upstream[] = [];
  for (const directive of scope.own.get('upstream') ?? []) {
    const [name] = directive.args;
    const block = directive.block ?? [];
    if (name === undefined) {
      continue;
    }
    const find = (wanted: string): Directive | undefined => block.find((each) => each.name === wanted);
    const method = block.find((each) => methods.has(each.name))?.name ?? 'round_robin';
    const byLua = isLuaBalanced({ method });
    const servers = block
      .filter((each) => each.name === 'server')
      .map((each) => readServer(each, protocol, problems))
      .filter((each) => each !== null)
      .filter((each) => !isPlaceholder(each, byLua));
    groups.push({
      name,
      protocol,
      origin: 'group',
      aliases: [name],
      method,
      zone: find('zone')?.args[0] ?? null,
      keepalive: parseCount(find('keepalive')?.args[0]),
      servers,
      file: directive.file,
      line: directive.line,
    });
  }
  return groups;
}
