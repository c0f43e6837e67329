/** Where `stub_status` answers, and how to ask: an address this host can reach, the Host header, who is let in. */
import { isAllowed } from './access-rules.ts';
import { parseAddress } from './address.ts';
import { enclosing, inherited, ownOf, type Scope } from './scopes.ts';
import type { Directive, StatusObstacle, StatusPage } from './types.ts';

interface Listen {
  /** What to connect to, as a URL has it. */
  readonly authority: string;
  /** The address nginx sees as the client when this host connects there. */
  readonly source: string;
  readonly tls: boolean;
  readonly obstacle: StatusObstacle | null;
}

const loopback = { authority: '127.0.0.1', source: '127.0.0.1' };

function hostOf(text: string): { readonly authority: string; readonly source: string } {
  if (text === '*' || text === '0.0.0.0' || text === 'localhost') {
    return loopback;
  }
  if (text === '::') {
    return { authority: '[::1]', source: '::1' };
  }
  return { authority: text.includes(':') ? `[${text}]` : text, source: text };
}

function withPort(authority: string, port: number, tls: boolean): string {
  return port === (tls ? 443 : 80) ? authority : `${authority}:${port}`;
}

function readListen(directive: Directive): Listen | null {
  const [address = '', ...parameters] = directive.args;
  const tls = parameters.includes('ssl');
  let obstacle: StatusObstacle | null = parameters.includes('proxy_protocol') ? 'proxy_protocol' : null;
  if (parameters.includes('quic')) {
    obstacle = 'quic';
  }
  if (address.startsWith('unix:')) {
    return { authority: address, source: 'unix:', tls, obstacle };
  }
  const onlyPort = /^\d+(-\d+)?$/.test(address);
  const parsed = parseAddress((onlyPort ? `*:${address}` : address).replace(/-\d+$/, ''));
  if (parsed === null || parsed.kind === 'unix') {
    return null;
  }
  const host = hostOf(parsed.host);
  return { ...host, authority: withPort(host.authority, parsed.port ?? 80, tls), tls, obstacle };
}

/** A name that selects the server: a literal one, or one that a wildcard covers. */
function hostHeader(server: Scope): string | null {
  const names = ownOf(server, 'server_name').flatMap((directive) => directive.args);
  for (const name of names) {
    const literal = name.replace(/^\*\./, 'status.').replace(/^\./, '').replace(/\.\*$/, '.com');
    if (literal !== '' && /^[\w.-]+$/.test(literal)) {
      return literal;
    }
  }
  return null;
}

/** A path that the location takes; null when only its regular expression knows. */
function pathOf(location: Scope): string | null {
  const args = location.directive?.args ?? [];
  const pattern = args.at(-1) ?? '/';
  if (args[0] !== '~' && args[0] !== '~*') {
    return pattern.startsWith('@') ? null : pattern;
  }
  return /^\^?(\/[\w/-]*)(\$|\/\?\$)?$/.exec(pattern)?.[1] ?? null;
}

function isOff(directives: readonly Directive[]): boolean {
  return directives.length === 0 || directives[0]?.args[0] === 'off';
}

function contextObstacle(scope: Scope, server: Scope, path: string | null): StatusObstacle | null {
  const location = scope.directive?.args[0] ?? '';
  if (ownOf(scope, 'internal').length > 0 || location.startsWith('@')) {
    return 'internal';
  }
  if (path === null) {
    return 'pattern';
  }
  return ownOf(server, 'return').length > 0 || ownOf(scope, 'return').length > 0 ? 'rewritten' : null;
}

function entryObstacle(scope: Scope, listen: Listen): StatusObstacle | null {
  const anyWillDo = inherited(scope, 'satisfy')[0]?.args[0] === 'any';
  const password = !isOff(inherited(scope, 'auth_basic'));
  const allowed = isAllowed(scope, listen.source);
  if (anyWillDo && password) {
    return allowed ? null : 'password';
  }
  if (!allowed) {
    return 'denied';
  }
  return password || !isOff(inherited(scope, 'auth_request')) ? 'password' : null;
}

/** TCP before unix sockets, plain before TLS: what every HTTP client can do comes first. */
function rank(page: StatusPage): number {
  return (
    (page.obstacle === null ? 0 : 4) + (page.url.includes('://unix:') ? 2 : 0) + (page.url.startsWith('https') ? 1 : 0)
  );
}

function pagesOf(scope: Scope, directive: Directive): readonly StatusPage[] {
  const server = enclosing(scope, 'server');
  if (server === null) {
    return [];
  }
  const location = enclosing(scope, 'location');
  const path = location === null ? '/' : pathOf(location);
  const { file, line } = directive;
  const context = contextObstacle(location ?? scope, server, path);
  const listens = ownOf(server, 'listen').map(readListen);
  const defaults: readonly (Listen | null)[] = [{ ...loopback, tls: false, obstacle: null }];
  return (listens.length > 0 ? listens : defaults)
    .filter((listen) => listen !== null)
    .map((listen) => ({
      url: `${listen.tls ? 'https' : 'http'}://${listen.authority}${listen.source === 'unix:' ? ':' : ''}${path ?? '/'}`,
      host: hostHeader(server),
      obstacle: context ?? listen.obstacle ?? entryObstacle(scope, listen),
      file,
      line,
    }));
}

/** The same where nginx's root is not ours: its sockets are not there to be asked, and another's may be. */
export function withoutSockets(pages: readonly StatusPage[]): readonly StatusPage[] {
  const marked = pages.map((page) =>
    page.obstacle === null && page.url.includes('://unix:') ? { ...page, obstacle: 'other_root' as const } : page,
  );
  return marked.sort((a, b) => rank(a) - rank(b));
}

/** Every way to ask every `stub_status` location, the best first. */
export function readStatusPages(scopes: readonly Scope[]): readonly StatusPage[] {
  const pages = scopes
    .filter((scope) => scope.protocol === 'http' && scope.kind !== 'http')
    .flatMap((scope) => ownOf(scope, 'stub_status').flatMap((directive) => pagesOf(scope, directive)));
  return pages.sort((a, b) => rank(a) - rank(b));
}
