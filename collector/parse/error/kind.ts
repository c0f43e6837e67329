/**
 * What a line is about. The beginning of the message and the action say which side and which phase; within it the
 * errno's number decides, never its text (libcs differ: 113 is "No route to host" or "Host is unreachable").
 */
import type { Kind } from '../../model.ts';
import { ejectedPeer } from './checks.ts';
import { connectKind, isOutOfFiles, numberKind } from './errno.ts';
import { isAboutName, isUnresolved } from './fields/message.ts';

export interface Evidence {
  readonly level: string | null;
  readonly message: string;
  readonly errno: number | null;
  readonly action: string | null;
  /** The line has an upstream field. */
  readonly upstream: boolean;
  /** The text ends before an action could follow. */
  readonly isCut: boolean;
  /** Lua code in a timer. */
  readonly timer: boolean;
  /** The line is complete and has one context: nginx's own text begins where the message ends. */
  readonly isWhole: boolean;
}

/** Messages about files, and what an application printed: clients choose the text behind their first words. */
const quotation = /^(?:\w+\(\) "|"|FastCGI sent in stderr|directory index of ")/;
/** Of these, a file that could not be opened because the limit of descriptors is reached. */
const unopened = /^\w+\(\) "[^"]*" failed$/;
const unopenedStart = /^\w+\(\) "[^"]*" failed \(([1-9]\d{0,4}): /;
/** What scripts and firewalls of applications print. The balancer's script alone speaks of upstreams. */
const script =
  /^(?:js(?: exception)?: |perl: |call_sv\(|lua (?:entry|user|handler) |failed to (?:run|load) (?!balancer_by_lua)|NAXSI_)/;
/** Messages whose quotes hold names of a configuration, or what an upstream sent. */
const quotesOther = new RegExp(
  `^(?:${[
    'upstream ',
    'memcached ',
    'auth http server ',
    'SSL_',
    'host not found ',
    '(?:proxy_connect: )?no (?:port|host|path|servers|resolver) ',
    'invalid (?:port in upstream|URL prefix) ',
    'socketpair\\(\\) ',
    // Of FastCGI's split_path_info, and Tengine's.
    'failed: ',
    'get rr peer is null ',
  ].join('|')})`,
);
/** Messages about clients and limits, and third-party health checks. */
const noise = new RegExp(
  `^(?:${[
    String.raw`(?:\w+\(\) (?:port )?|event port )?reported that client `,
    '(?:proxy_connect: )?client ',
    'a client request body ',
    'an upstream response is buffered',
    'auth request unexpected status',
    'access forbidden',
    'limiting ',
    'delaying ',
    'cache file ',
    'check ',
    'enable check peer',
    'signal ',
    // nginx's own affairs, whatever it was doing for an upstream.
    'thread (?:pool|operation) ',
    'recycled buffer ',
    'could not allocate ',
    'SSL renegotiation disabled',
    String.raw`SSL_sendfile\(\) (?:reported|not)`,
    'ignoring stale ',
    String.raw`(?:set|get)sockopt\(.{1,64}\) failed, ignored`,
  ].join('|')})`,
);

const listening = /^(?:bind|listen|socket|setsockopt)\(\) |^still could not bind|^setsockopt\(/;
/** Calls that take a descriptor. */
const opening = /^(?:accept4?|socket|socketpair|pipe|eventfd|epoll_create|kqueue|io_setup|port_create)\(\) /;
/** At start there is one more, about listening sockets. */
const workerConnections = /^\d+ worker_connections are not enough(?! for )/;
const connectCall = /^(?:kevent\(\) reported that )?connect\(\) /;
const peerSyscall =
  /^(?:(?:kevent\(\) reported that )?connect\(\) |bind\()|^(?:recv|recvmsg|readv|send|sendmsg|writev|sendfile|WSA\w+|SSL_\w+)\(\) /;
const badResponse =
  /^(?:upstream (?:prematurely )?(?:sent|rejected|returned|split|violated)|memcached sent|auth http server .{1,256} (?:sent|did not send) )/;

const otherServices = /^(?:resolving$|logging to syslog|requesting certificate status)/;
const clientActions = new RegExp(
  `^(?:${[
    'SSL handshaking$',
    'reading client',
    '(?:xquic )?waiting for request',
    'keepalive',
    'closing request',
    'logging request',
    'reading PROXY',
    'sending (?:response|early hints|flv|mp4|slice) to (?:client|ACME)',
    'processing HTTP',
    'prereading',
    'initializing',
    'returning',
    'passing',
    'proxying and (?:sending to|reading from) client',
    // mail
    'in (?:auth|starttls|delay pipelining) state',
    'in resolving client ',
    'sending client greeting',
    // QUIC
    '(?:creating|handling|parsing|decrypting) (?:quic|frames|packet|initial|payload|decrypted)',
    'preparing ack',
    'sending frames',
    'updating keys',
    // freenginx; scripts of OpenResty in a client's handshake, whose sockets are their own
    'reading request body',
    '(?:loading|fetching|storing) SSL ',
  ].join('|')})`,
);
/** OpenResty, where a script takes part in the handshake with an upstream. */
const scriptedHandshake = /^(?:proxy pass SSL handshaking|loading proxy ssl (?:certificate|verify) by lua)/;
const upstreamActions =
  /^(?:connecting to|(?:SSL|QUIC) handshaking to|sending .*to upstream|reading .*upstream|proxying|in http auth)/;
const quietLevels: ReadonlySet<string> = new Set(['info', 'notice', 'debug']);

/** Whether the message's first words alone show that the line is no upstream failure. */
export function isNoise(message: string): boolean {
  if (quotation.test(message)) return !isOutOfFiles(Number(unopenedStart.exec(message)?.[1] ?? 0));
  return noise.test(message) && !message.includes(' could not be resolved (');
}

/**
 * Whether a client chooses what stands in the message. So it does in all others that have a quote behind their first words:
 * the user of `user "…": password mismatch` is any text, in which no errno and no action is nginx's.
 */
function isQuotation(message: string): boolean {
  if (quotation.test(message) || script.test(message)) return true;
  const blank = message.indexOf(' ');
  return blank !== -1 && message.indexOf('"') > blank && !quotesOther.test(message);
}

/** Whether the level alone shows it: what nginx writes below `warn` is what clients did. */
export function isQuiet(level: string | null): boolean {
  return level !== null && quietLevels.has(level);
}

/** A cut action counts as the one that it begins. */
function isAction(action: string | null, whole: string): boolean {
  return action !== null && action !== '' && (action.startsWith(whole) || whole.startsWith(action.replace(/\$$/, '')));
}

/** Over QUIC, as Angie can speak it, a connection is made by its handshake. */
function isConnecting(action: string | null): boolean {
  return isAction(action, 'connecting to upstream') || isAction(action, 'QUIC handshaking to upstream');
}

/** Names and configuration. Who a client is, is looked up as well. */
function nameKind({ message, action }: Evidence): Kind | null {
  if (!isAboutName(message)) return null;
  if (action !== null && clientActions.test(action)) return 'unrelated';
  const unresolved = isUnresolved(message) || /^(?:(?:proxy_connect: )?no resolver|host not found)/.test(message);
  return unresolved ? 'resolve' : 'other';
}

/** Messages that need no action behind them. NGINX Plus's active checks say `peer is unhealthy`. */
const worded: readonly (readonly [RegExp, Kind])[] = [
  [/^no live upstreams/, 'no_live'],
  [/^(?:upstream server temporarily disabled|peer is unhealthy)/, 'disabled'],
  [/^peer is healthy/, 'unrelated'],
  [/^upstream SSL certificate/, 'tls'],
  [/^(?:proxy_connect: )?upstream connect timed out/, 'timed_out'],
  [/^proxy_connect: upstream \w+ timed out/, 'read_timeout'],
];

function wordedKind(evidence: Evidence): Kind | null {
  const { message, action } = evidence;
  const found = worded.find(([words]) => words.test(message));
  if (found !== undefined) return found[1];
  if (isAction(action, 'SSL handshaking to upstream') && action !== 'SSL handshaking') return 'tls';
  if (action !== null && scriptedHandshake.test(action)) return 'tls';
  // nginx prepares a handshake while it still says that it connects.
  if (message.startsWith('SSL_') && isConnecting(action)) return 'tls';
  return answerKind(evidence);
}

/** What an upstream sent, or did not. */
function answerKind({ message, level, action }: Evidence): Kind | null {
  if (/^upstream (?:prematurely )?closed/.test(message)) return 'closed_early';
  if (message.startsWith('upstream timed out')) {
    if (action === null) return 'other';
    return isConnecting(action) ? 'timed_out' : 'read_timeout';
  }
  const isPassedOver = level === 'warn' || isQuiet(level);
  // Below [error] nginx has passed over what the upstream sent, and the answer stands; a mail client gets it.
  if (badResponse.test(message)) return isPassedOver ? 'unrelated' : 'bad_response';
  return message.startsWith('upstream ') && !isPassedOver ? 'other' : null;
}

function laterKind(errno: number | null): Kind {
  const kind = numberKind(errno);
  return kind === 'timed_out' ? 'read_timeout' : kind;
}

/** Failures of system calls on a connection that is, or was being, made. */
function callKind({ message, errno, action, upstream, isCut, level }: Evidence): Kind {
  // Sockets of Lua's and njs's own, health checks and other modules: whoever talks to an upstream says so.
  if (action === null && !upstream && !(isCut && connectCall.test(message))) return 'unrelated';
  if (connectCall.test(message) || message.startsWith('bind(') || isConnecting(action)) return connectKind(errno);
  if (isQuiet(level)) return 'unrelated';
  if (action === 'sending to client' && !(upstream && /^(?:recv|readv|WSARecv|SSL_read)/.test(message)))
    return 'unrelated';
  return laterKind(errno);
}

/** Lines about this nginx and its clients: known before any peer comes into it. */
function ownKind({ message, errno, action, upstream, timer }: Evidence): Kind | null {
  if (workerConnections.test(message)) return 'worker_connections';
  if (message.startsWith('[lua]') || timer) return 'unrelated';
  if (isOutOfFiles(errno) && opening.test(message)) return 'no_files';
  if (message.startsWith('accept') || (action === null && listening.test(message))) return 'unrelated';
  // A refused peer of a stream can be noticed in an event of the client's side.
  if (action !== null && clientActions.test(action))
    return upstream && connectCall.test(message) ? connectKind(errno) : 'unrelated';
  return null;
}

/** Messages that are not in the catalogue: the action says whether an upstream was being talked to. */
function unknownKind({ level, errno, action, message }: Evidence): Kind {
  if (action === null || !upstreamActions.test(action) || level === 'warn' || isQuiet(level)) return 'unrelated';
  if (!isConnecting(action)) return laterKind(errno);
  // An option that the system refuses says nothing of the peer.
  return message.startsWith('setsockopt(') ? numberKind(errno) : connectKind(errno);
}

/** The kind of a line, as docs/decisions/0100 lists them. */
export function kindOf(evidence: Evidence): Kind {
  const { message, action, errno } = evidence;
  if (evidence.isWhole && isOutOfFiles(errno) && unopened.test(message)) return 'no_files';
  if (ejectedPeer(message) !== null) return 'disabled';
  if (isQuotation(message) || (action !== null && otherServices.test(action))) return 'unrelated';
  const name = nameKind(evidence);
  if (name !== null) return name;
  if (noise.test(message)) return 'unrelated';
  const early = ownKind(evidence) ?? wordedKind(evidence);
  if (early !== null) return early;
  return peerSyscall.test(message) ? callKind(evidence) : unknownKind(evidence);
}
