/**
 * What a line is about. The beginning of the message and the action say which side and which phase; within it the
 * errno's number decides, never its text (libcs differ: 113 is "No route to host" or "Host is unreachable").
 * Numbers: Linux, then BSD and macOS, then Windows.
 */
import type { Kind } from '../../model.ts';
import { isAboutName, isUnresolved } from './message.ts';

export interface Evidence {
  readonly level: string | null;
  readonly message: string;
  readonly errno: number | null;
  readonly action: string | null;
  /** The line has an upstream field. */
  readonly upstream: boolean;
  /** Lua code in a timer. */
  readonly timer: boolean;
}

const errnoKinds: ReadonlyMap<number, Kind> = new Map<number, Kind>([
  ...([111, 61, 10061] as const).map((errno) => [errno, 'refused'] as const),
  ...([110, 60, 10060] as const).map((errno) => [errno, 'timed_out'] as const),
  ...([101, 113, 51, 65, 10051, 10065] as const).map((errno) => [errno, 'unreachable'] as const),
  ...([104, 32, 54, 10054] as const).map((errno) => [errno, 'reset'] as const),
  ...([99, 49] as const).map((errno) => [errno, 'no_ports'] as const),
  // 23 is the system's limit where 24 is the process's: nginx treats them alike (ngx_event_accept.c).
  ...([24, 23] as const).map((errno) => [errno, 'no_files'] as const),
]);

/** Numbers that speak of a peer only when they come from connecting. */
const connectOnly: ReadonlyMap<number, Kind> = new Map<number, Kind>([
  [2, 'socket_missing'],
  [11, 'backlog_full'],
  [13, 'denied'],
  [22, 'unreachable'],
]);

/** Messages about files, and what an application printed: clients choose the text behind their first words. */
const quotation = /^(?:\w+\(\) "|"|FastCGI sent in stderr|directory index of ")/;
/** Messages about clients and limits, and third-party health checks. */
const noise = new RegExp(
  `^(?:${[
    String.raw`(?:\w+\(\) (?:port )?|event port )?reported that client `,
    'client ',
    'a client request body ',
    'an upstream response is buffered',
    'auth request unexpected status',
    'access forbidden',
    'limiting ',
    'delaying ',
    'cache file ',
    'check ',
    '(?:enable|disable) check peer',
    'signal ',
  ].join('|')})`,
);

const listening = /^(?:bind|listen|socket|setsockopt)\(\) |^still could not bind|^setsockopt\(/;
const workerConnections = /^\d+ worker_connections are not enough/;
const connectCall = /^(?:kevent\(\) reported that )?connect\(\) /;
const peerSyscall =
  /^(?:(?:kevent\(\) reported that )?connect\(\) |bind\()|^(?:recv|recvmsg|readv|send|sendmsg|writev|sendfile|WSA\w+|SSL_\w+)\(\) /;
const badResponse = /^(?:upstream (?:sent|rejected|returned|split)|memcached sent)/;

const otherServices = /^(?:resolving|logging to syslog|requesting certificate status)/;
const clientActions =
  /^(?:SSL handshaking$|reading client|waiting for request|keepalive|closing request|logging request|reading PROXY|sending (?:response|early hints) to client|processing HTTP|prereading|initializing|returning|passing|proxying and (?:sending to|reading from) client|in auth state)/;
const upstreamActions =
  /^(?:connecting to|SSL handshaking to|sending .*to upstream|reading .*upstream|proxying|in http auth)/;
const quietLevels: ReadonlySet<string> = new Set(['info', 'notice', 'debug']);

/** Whether the message's first words alone show that the line is no upstream failure. */
export function isNoise(message: string): boolean {
  return quotation.test(message) || (noise.test(message) && !message.includes(' could not be resolved ('));
}

/** Whether the level alone shows it: what nginx writes below `warn` is what clients did. */
export function isQuiet(level: string | null): boolean {
  return level !== null && quietLevels.has(level);
}

/** A cut action counts as the one that it begins. */
function isAction(action: string | null, whole: string): boolean {
  return action !== null && action !== '' && (action.startsWith(whole) || whole.startsWith(action.replace(/\$$/, '')));
}

/** Names and configuration. */
function nameKind(message: string): Kind | null {
  if (!isAboutName(message)) return null;
  const unresolved = isUnresolved(message) || /^(?:no resolver|host not found)/.test(message);
  return unresolved ? 'resolve' : 'other';
}

function wordedKind({ message, level, action }: Evidence): Kind | null {
  if (message.startsWith('no live upstreams')) return 'no_live';
  if (message.startsWith('upstream server temporarily disabled')) return 'disabled';
  if (message.startsWith('upstream SSL certificate')) return 'tls';
  if (/^(?:proxy_connect: )?upstream connect timed out/.test(message)) return 'timed_out';
  if (isAction(action, 'SSL handshaking to upstream') && action !== 'SSL handshaking') return 'tls';
  if (/^upstream (?:prematurely )?closed/.test(message)) return 'closed_early';
  if (message.startsWith('upstream timed out')) {
    if (action === null) return 'other';
    return isAction(action, 'connecting to upstream') ? 'timed_out' : 'read_timeout';
  }
  // At [warn] nginx has passed over what the upstream sent, and the answer stands.
  if (badResponse.test(message)) return level === 'warn' ? 'unrelated' : 'bad_response';
  return message.startsWith('upstream ') && level !== 'warn' && !isQuiet(level) ? 'other' : null;
}

function connectKind(errno: number | null): Kind {
  if (errno === null) return 'other';
  return errnoKinds.get(errno) ?? connectOnly.get(errno) ?? 'other';
}

function laterKind(errno: number | null): Kind {
  const kind = errno === null ? 'other' : (errnoKinds.get(errno) ?? 'other');
  return kind === 'timed_out' ? 'read_timeout' : kind;
}

/** Failures of system calls on a connection that is, or was being, made. */
function callKind({ message, errno, action, upstream, level }: Evidence): Kind {
  // Sockets of Lua's and njs's own, health checks and other modules: whoever talks to an upstream says so.
  if (action === null && !upstream) return 'unrelated';
  if (connectCall.test(message) || message.startsWith('bind(') || isAction(action, 'connecting to upstream'))
    return connectKind(errno);
  if (isQuiet(level)) return 'unrelated';
  if (action === 'sending to client' && !(upstream && /^(?:recv|readv|SSL_read)/.test(message))) return 'unrelated';
  return laterKind(errno);
}

/** Lines about this nginx and its clients: known before any peer comes into it. */
function ownKind({ message, errno, action, upstream, timer }: Evidence): Kind | null {
  if (workerConnections.test(message)) return 'worker_connections';
  if (message.startsWith('[lua]') || timer) return 'unrelated';
  const outOfFiles = errno === 24 || errno === 23;
  if (outOfFiles && /^(?:accept4?|socket)\(\) /.test(message)) return 'no_files';
  if (message.startsWith('accept') || (action === null && listening.test(message))) return 'unrelated';
  // A refused peer of a stream can be noticed in an event of the client's side.
  if (action !== null && clientActions.test(action))
    return upstream && connectCall.test(message) ? connectKind(errno) : 'unrelated';
  return null;
}

/** Messages that are not in the catalogue: the action says whether an upstream was being talked to. */
function unknownKind({ level, errno, action }: Evidence): Kind {
  if (action === null || !upstreamActions.test(action) || level === 'warn' || isQuiet(level)) return 'unrelated';
  return isAction(action, 'connecting to upstream') ? connectKind(errno) : laterKind(errno);
}

/** The kind of a line, as docs/decisions/0100 lists them. */
export function kindOf(evidence: Evidence): Kind {
  const { message, action } = evidence;
  if (quotation.test(message) || (action !== null && otherServices.test(action))) return 'unrelated';
  const name = nameKind(message);
  if (name !== null) return name;
  if (noise.test(message)) return 'unrelated';
  const early = ownKind(evidence) ?? wordedKind(evidence);
  if (early !== null) return early;
  return peerSyscall.test(message) ? callKind(evidence) : unknownKind(evidence);
}
