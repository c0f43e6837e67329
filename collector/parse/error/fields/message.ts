/**
 * The left half of a line: `MESSAGE [(ERRNO: TEXT)] [while ACTION]`, up to where the context fields begin
 * (nginx src/core/ngx_log.c:ngx_log_errno, then the connection's log handler).
 */

export interface Message {
  readonly message: string;
  readonly errno: number | null;
  readonly action: string | null;
  /** Offset of the first context field, `, client: …`, or the end of the text. */
  readonly context: number;
  /** The text ends inside the errno or the action. */
  readonly cut: boolean;
}

const contextStart = /, (?:(?:udp )?client: |upstream: "|context: |server: |resolver: |health check ")/g;

/** The first words of nginx's actions. They distinguish ` while ` before an action from the same word inside a message. */
const actionStart = new RegExp(
  ` while (?=(?:${[
    'connecting to',
    '(?:SSL|QUIC|proxy pass SSL) handshaking',
    'sending ',
    'reading ',
    'proxying',
    'waiting for request',
    'keepalive',
    'closing request',
    'logging ',
    'processing HTTP',
    'prereading',
    'initializing',
    'returning text',
    'passing connection',
    'in (?:http )?auth',
    'resolving',
    'requesting certificate',
  ].join('|')}))`,
);

const errnoStart = / \((\d{1,9}): /g;
/** Behind the answer to a question for the servers of a service (ngx_http_upstream_zone_module.c). */
const ofService = / while (resolving service \S+ of \S+)$/;
/** Whoever reports a line ends it with dots where more followed. */
const dnsAnswer = / could not be resolved \(\d+: [^()"]*(?:\)\.{0,3})?$/;
/** Messages that end with a name out of the configuration, or out of a client's URI where a variable holds it. */
const naming =
  /^(?:host not found in upstream|(?:proxy_connect: )?no resolver defined to resolve |no servers are inside upstream|(?:no port|invalid port|no host|no path .{0,64}) in upstream "|upstream "|invalid URL prefix in ")/;

/** Whether a name did not resolve: the number in such a message is a DNS response code, no errno. */
export function isUnresolved(message: string): boolean {
  return dnsAnswer.test(message.slice(-400));
}

/** Whether the message is about a name or a URL, so that no peer was chosen and no action had begun. */
export function isAboutName(message: string): boolean {
  return naming.test(message) || isUnresolved(message);
}

function lastMatch(pattern: RegExp, text: string): RegExpExecArray | null {
  let last: RegExpExecArray | null = null;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) last = match;
  return last;
}

function splitErrno(text: string): { message: string; errno: number | null; cut: boolean } {
  const match = lastMatch(errnoStart, text);
  if (match === null) return { message: text, errno: null, cut: false };
  const rest = text.slice(match.index + match[0].length);
  const end = rest.lastIndexOf(')');
  // A terminal fills a broken line with blanks.
  const after = end === -1 ? '' : rest.slice(end + 1).trimEnd();
  if (!' while'.startsWith(after)) return { message: text, errno: null, cut: false };
  return { message: text.slice(0, match.index), errno: Number(match[1]), cut: end === -1 || after !== '' };
}

/** A call that does not say how it ended. */
const endless = /^connect\(\) to(?: \S+)?$/;

/** Whether OpenSSL's own words are ended: they may hold ` while `, as in `unexpected eof while reading`. */
const sslEnd = /\) while /g;

function splitAction(text: string): { before: string; action: string | null } {
  const ssl = text.indexOf(' (SSL: ');
  if (ssl !== -1) {
    const end = lastMatch(sslEnd, text);
    if (end === null || end.index < ssl) return { before: text, action: null };
    return { before: text.slice(0, end.index + 1), action: text.slice(end.index + end[0].length) };
  }
  const known = actionStart.exec(text)?.index ?? -1;
  const last = known === -1 ? text.lastIndexOf(' while ') : known;
  if (last === -1) return { before: text, action: null };
  const action = text.slice(last + ' while '.length);
  // A quote after an unknown action means that the word stood inside quoted text.
  if (known === -1 && action.includes('"')) return { before: text, action: null };
  return { before: text.slice(0, last), action };
}

/** Messages that quote what an upstream sent: anything may stand in them but a number of errno behind them. */
const quoting = /^(?:upstream|memcached|FastCGI) sent /;
const quotingEnd = / while ([A-Za-z ]{1,64})(?=, (?:(?:udp )?client: |health check "))/g;
/** Of those, the ones that end with the quotation. */
const quoted = /^(?:FastCGI sent in stderr: "|upstream sent invalid \w+: ")/;
const quotedEnd = /(?<=") while ([A-Za-z ]{1,64})(?=, (?:(?:udp )?client: |health check "))/g;

/** An action counts only before the client's field, or behind the last quote of a line that was cut. */
function splitQuoting(text: string, from: number): Message {
  const ending = quoted.test(text.slice(from, from + 64)) ? quotedEnd : quotingEnd;
  ending.lastIndex = from;
  const end = ending.exec(text);
  if (end !== null) {
    const context = end.index + end[0].length;
    return { message: text.slice(from, end.index), errno: null, action: end[1] ?? null, context, cut: false };
  }
  const behind = Math.max(text.lastIndexOf('"') + 1, from);
  const { before, action } = splitAction(text.slice(behind));
  const message = text.slice(from, behind) + before;
  return { message, errno: null, action: action?.split(',', 1)[0] ?? null, context: text.length, cut: action !== null };
}

/**
 * Splits the text from the message on. The leftmost beginning of the context counts: what clients wrote stands to the
 * right of it.
 */
export function splitMessage(text: string, from: number): Message {
  if (quoting.test(text.slice(from, from + 20))) return splitQuoting(text, from);
  contextStart.lastIndex = from;
  const context = contextStart.exec(text)?.index ?? text.length;
  const whole = text.slice(from, context);
  const certificate = whole.indexOf(' while requesting certificate status, responder: ');
  if (certificate !== -1) {
    const message = splitErrno(whole.slice(0, certificate));
    return { ...message, action: 'requesting certificate status', context: text.length };
  }
  if (isAboutName(whole.replace(/,$/, ''))) {
    return { message: whole.replace(/,$/, ''), errno: null, action: null, context, cut: whole.endsWith(',') };
  }
  const service = ofService.exec(whole);
  if (service !== null && isUnresolved(whole.slice(0, service.index))) {
    return { message: whole.slice(0, service.index), errno: null, action: service[1] ?? null, context, cut: false };
  }
  const left = splitAction(whole);
  if (isUnresolved(left.before)) {
    return { message: left.before, errno: null, action: left.action, context, cut: context === text.length };
  }
  const { message, errno, cut } = splitErrno(left.before.replace(/,$/, ''));
  if (left.action === null) {
    return { message, errno, action: null, context, cut: cut || left.before.endsWith(',') || endless.test(message) };
  }
  const action = left.action.split(',', 1)[0] ?? '';
  // The handler that adds an action adds fields behind it.
  return { message, errno, action, context, cut: cut || context === text.length || action !== left.action };
}
