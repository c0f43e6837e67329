/**
 * Where an nginx line begins, and what stands before its message: time, level, pid#tid and connection number
 * (nginx src/core/ngx_log.c:ngx_log_error_core).
 */

export interface Prefix {
  readonly time: string | null;
  readonly level: string | null;
  readonly pid: number | null;
  readonly tid: number | null;
  readonly connection: number | null;
  /** Offset of the nginx line in the text: what came before belongs to docker, journald and the like. */
  readonly start: number;
  /** Offset of the message. */
  readonly message: number;
}

const levels = 'emerg|alert|crit|error|warn|notice|info|debug';
const time = String.raw`(\d{4})/(\d\d)/(\d\d) (\d\d:\d\d:\d\d)`;

const strict = new RegExp(String.raw`^${time} \[(${levels})\] (\d+)#(\d+): (?:\*(\d+) )?`);
/** Leftmost wins: text of clients stands to the right of the real beginning. A blank before `#`, or a `-` for it, is a reporter's. */
const anywhere = new RegExp(String.raw`(?:${time} )?\[(${levels})\] (\d+)(?: ?#|-)(\d+): (?:\\?\*(\d+) )?`);
/** What nginx writes to stderr before it has opened its log. */
const startup = new RegExp(String.raw`(?:^|[ :])nginx: \[(${levels})\] `);
const bareLevel = new RegExp(String.raw`^\[(${levels})\] (?:\*(\d+) )?`);
const cutInLevel = new RegExp(String.raw`^(?:(${levels})|[a-z]*)\] (\d+)#(\d+): (?:\*(\d+) )?`);
const cutInPid = /^\d*#(\d+): (?:\*(\d+) )?/;
const connectionOnly = /^\*(\d+) /;

/**
 * Prefixes of other programs are short and hold no quotes. Behind a quote stands text of somebody else: the
 * `User-Agent` of an access log line in the same stream can hold a complete error line.
 */
const longestForeignPrefix = 512;

/** Message beginnings that make a line nginx's even when its prefix was lost. */
const knownMessage = new RegExp(
  `^(?:${[
    String.raw`(?:kevent\(\) reported that )?connect\(\) (?:to \S.* )?failed`,
    String.raw`(?:recv|recvmsg|readv|send|sendmsg|writev|sendfile|socket|accept4?|bind|WSA[A-Z]\w{1,20})\(.{0,256}?\)? ?failed \(`,
    '(?:upstream|memcached) (?:timed out|prematurely|sent|rejected|server temporarily|servers are|SSL cert|connect )',
    'proxy_connect: ',
    'no live upstreams',
    String.raw`SSL_(?:do_handshake|read|write|shutdown)\(\) failed`,
    'peer closed connection in SSL handshake',
    String.raw`[^\s"]{1,255} could not be resolved \(\d+: `,
    'no resolver defined to resolve ',
    String.raw`\d+ worker_connections are not enough`,
    String.raw`bind\(\) to \S+ failed`,
    '(?:host not found in|no servers are inside|no port in|invalid port in|no path .{0,64} in) upstream ',
    'auth request unexpected status: ',
    String.raw`(?:open|stat|bind|unlink|rename|mkdir)\(\) "`,
    'client (?:prematurely closed|timed out|sent|intended|closed)',
    '(?:stream )?lua (?:tcp|udp) socket ',
    '(?:stream )?attempt to (?:send|receive|peek) data on a closed socket',
    'FastCGI sent in stderr: "',
    'an upstream response is buffered',
    'a client request body is buffered',
  ].join('|')})`,
);

/** Whether the text begins like a message that nginx writes about upstreams and clients. */
export function isKnownMessage(text: string): boolean {
  return knownMessage.test(text.slice(0, 600));
}

function integer(digits: string | undefined): number | null {
  if (digits === undefined || digits.length > 15) return null;
  return Number(digits);
}

function fullPrefix(match: RegExpExecArray): Prefix {
  const [whole, year, month, day, clock, level, pid, tid, connection] = match;
  return {
    time: year === undefined ? null : `${year}-${month}-${day}T${clock}`,
    level: level ?? null,
    pid: integer(pid),
    tid: integer(tid),
    connection: integer(connection),
    start: match.index,
    message: match.index + whole.length,
  };
}

/** Time, level and pid#tid in place at column 0, or null. */
export function strictPrefix(text: string): Prefix | null {
  const match = strict.exec(text);
  return match === null ? null : fullPrefix(match);
}

const none = { time: null, level: null, pid: null, tid: null, connection: null, start: 0, message: 0 } as const;

/** A prefix whose left part is missing: it counts only before something that nginx says. */
function cutPrefix(text: string): Prefix | null {
  const level = cutInLevel.exec(text);
  if (level !== null) {
    const [whole, name, pid, tid, connection] = level;
    return {
      ...none,
      level: name ?? null,
      pid: integer(pid),
      tid: integer(tid),
      connection: integer(connection),
      message: whole.length,
    };
  }
  const bare = bareLevel.exec(text);
  if (bare !== null && isKnownMessage(text.slice(bare[0].length))) {
    return { ...none, level: bare[1] ?? null, connection: integer(bare[2]), message: bare[0].length };
  }
  // What is left of the pid may be half of it: only the tid is complete.
  const pid = cutInPid.exec(text);
  if (pid !== null && (pid[2] !== undefined || isKnownMessage(text.slice(pid[0].length)))) {
    return { ...none, tid: integer(pid[1]), connection: integer(pid[2]), message: pid[0].length };
  }
  const connection = connectionOnly.exec(text);
  if (connection !== null && isKnownMessage(text.slice(connection[0].length))) {
    return { ...none, connection: integer(connection[1]), message: connection[0].length };
  }
  return isKnownMessage(text) ? none : null;
}

/** What people put around a line that they quote. */
const quoted = /^[\s>'"`\u2018\u201c]+/;

function cutQuotedPrefix(text: string): Prefix | null {
  const mark = quoted.exec(text)?.[0].length ?? 0;
  const prefix = cutPrefix(mark === 0 ? text : text.slice(mark));
  return prefix === null ? null : { ...prefix, start: prefix.start + mark, message: prefix.message + mark };
}

/** The nginx line behind whatever docker compose, s6, journald, syslog or stern put before it, or null. */
export function tolerantPrefix(text: string): Prefix | null {
  const inPlace = strictPrefix(text) ?? cutQuotedPrefix(text);
  if (inPlace !== null) return inPlace;
  const quote = text.indexOf('"');
  const head = text.slice(0, Math.min(quote === -1 ? text.length : quote, longestForeignPrefix));
  const match = anywhere.exec(head);
  if (match !== null) return fullPrefix(match);
  const early = startup.exec(head);
  if (early === null) return null;
  return { ...none, level: early[1] ?? null, start: early.index, message: early.index + early[0].length };
}

const ownStart = /^\d{4}\/\d\d\/\d\d /;

/** The text from where nginx's line begins; the entire text where none does. */
export function withoutWrapping(text: string): string {
  return ownStart.test(text) ? text : text.slice(tolerantPrefix(text)?.start ?? 0);
}
