/**
 * The right half of a line: the context fields that nginx's log handlers append, read in their order from the left
 * and never searched for. Nothing in them is escaped: request, host, referrer and login are whatever a client sent.
 *
 * nginx src/http/ngx_http_request.c:ngx_http_log_error_handler, src/stream/ngx_stream_handler.c:ngx_stream_log_error,
 * src/stream/ngx_stream_proxy_module.c:ngx_stream_proxy_log_error, src/mail/ngx_mail_handler.c:ngx_mail_log_error.
 */
import { type Quoted, readRequest, readSubrequest } from './request.ts';
import type { UpstreamText } from './upstream.ts';

export interface Context {
  readonly client: string | null;
  readonly server: string | null;
  readonly request: string | null;
  readonly subrequest: string | null;
  readonly upstream: UpstreamText | null;
  readonly host: string | null;
  readonly referrer: string | null;
  readonly login: string | null;
  /** Marks that only one of nginx's subsystems leaves. */
  readonly mark: 'stream' | 'mail' | null;
  /** Lua code in a timer: there is no request. */
  readonly timer: boolean;
  /** An active health check of NGINX Plus: there is no request, either. */
  readonly check: { readonly peer: string; readonly group: string } | null;
  /** The text ends inside a field, or before one that must follow. */
  readonly cut: boolean;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
interface Draft extends Mutable<Context> {
  /** How far the text was understood. */
  at: number;
}

const luaContext = /, context: ([^,]*)/y;
/**
 * Of names out of the configuration. It is all that stands behind the message: what a client wrote has `, client: ` behind
 * it. A check that asks another port names that.
 */
const healthCheck = /, health check "[^",]*" of peer (\S+) in upstream "([^"]*)"(?:, port \d{1,5})?$/y;
const clientLabel = /, (udp )?client: /y;
const clientEnd = /,| server: /g;
const serverLabel = /,? server: /y;
const serverEnd = /, (?:request: "|subrequest: "|upstream: |host: "|referrer: "|login: "|bytes from\/to client:)/g;
const hostLabel = /, host: "?/y;
const upstreamEnd = /"(?=, host: |, referrer: "|, request_id: "|, bytes from\/to client:|$)/g;
const hostEnd = /"(?=, referrer: "|, request_id: "|$)/g;
const byteCounts = /, bytes from\/to client:\d+\/\d+, bytes from\/to upstream:\d+\/\d+$/y;
/** A field of another handler or module: `resolver`, OCSP's `responder`, Kong's `request_id`. */
const otherField = /^, (?!client|server|request:|subrequest|upstream|host|referrer|login|bytes)[a-z_]+: \S/;
const mailUpstream = /^[^\s",]+$/;

const labels = ['request: "', 'subrequest: "', 'upstream: "', 'host: "', 'referrer: "', 'login: "', 'bytes from/to'];

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** Whether the text is what a cut left of `, LABEL`. */
function isCutLabel(text: string): boolean {
  return labels.some((label) => `, ${label}`.startsWith(text));
}

function readClient(draft: Draft, text: string): void {
  const label = matchAt(clientLabel, text, draft.at);
  if (label === null) return;
  const start = draft.at + label[0].length;
  const end = matchAt(clientEnd, text, start)?.index ?? text.length;
  const client = text.slice(start, end);
  const starttls = client.endsWith(' using starttls');
  draft.client = starttls ? client.slice(0, -' using starttls'.length) : client;
  if (starttls) draft.mark = 'mail';
  if (label[1] !== undefined) draft.mark = 'stream';
  draft.at = end;
}

function readServer(draft: Draft, text: string): void {
  const label = matchAt(serverLabel, text, draft.at);
  if (label === null) {
    // nginx never names a client without its server.
    if (draft.client !== null) draft.cut = true;
    return;
  }
  const start = draft.at + label[0].length;
  let end = matchAt(serverEnd, text, start)?.index ?? text.length;
  if (end === text.length) {
    const comma = text.lastIndexOf(',');
    if (comma >= start && isCutLabel(text.slice(comma))) end = comma;
  }
  draft.server = text.slice(start, end);
  draft.at = end;
}

/** A login comes from the client and the peer of a mail session follows it without quotes: only the last one counts. */
function readMail(draft: Draft, text: string, isComplete: boolean): void {
  if (text.startsWith(', login: "', draft.at)) {
    const start = draft.at + ', login: "'.length;
    draft.mark = 'mail';
    const end = text.lastIndexOf('", upstream: ');
    if (end >= start && mailUpstream.test(text.slice(end + '", upstream: '.length))) {
      draft.login = text.slice(start, end);
      draft.at = end + 1;
    } else {
      draft.cut ||= !text.endsWith('"') || text.length <= start;
      draft.login = text.slice(start, draft.cut ? text.length : -1);
      draft.at = text.length;
    }
  }
  const start = draft.at + ', upstream: '.length;
  if (!text.startsWith(', upstream: ', draft.at) || text[start] === '"' || start >= text.length) return;
  draft.mark = 'mail';
  const peer = text.slice(start);
  draft.upstream = { text: peer, closed: isComplete && mailUpstream.test(peer) };
  draft.at = text.length;
}

/** A quoted value up to the quote before the next field, or as far as the text goes. */
function readQuoted(text: string, start: number, ending: RegExp): Quoted {
  const end = matchAt(ending, text, start)?.index;
  if (end !== undefined) return { value: text.slice(start, end), closed: true, next: end + 1 };
  const quote = text.lastIndexOf('"');
  if (quote >= start && isCutLabel(text.slice(quote + 1))) {
    return { value: text.slice(start, quote), closed: true, next: quote + 1 };
  }
  return { value: text.slice(start), closed: false, next: text.length };
}

function readUpstream(draft: Draft, text: string): void {
  if (!text.startsWith(', upstream: "', draft.at)) return;
  const { value, closed, next } = readQuoted(text, draft.at + ', upstream: "'.length, upstreamEnd);
  draft.upstream = { text: value, closed };
  draft.cut ||= !closed;
  draft.at = next;
}

/** Once the host was seen no upstream may follow: the rest of the line belongs to the client. */
function readHeaders(draft: Draft, text: string): void {
  const host = matchAt(hostLabel, text, draft.at);
  if (host !== null) {
    const { value, closed, next } = readQuoted(text, draft.at + host[0].length, hostEnd);
    draft.host = value;
    draft.cut ||= !closed;
    draft.at = next;
  }
  if (text.startsWith(', referrer: "', draft.at)) {
    const start = draft.at + ', referrer: "'.length;
    const closed = text.length > start && text.endsWith('"');
    draft.referrer = text.slice(start, closed ? -1 : text.length);
    draft.cut ||= !closed;
    draft.at = text.length;
  }
}

function readEnd(draft: Draft, text: string): void {
  if (text.startsWith(', bytes from/to client:', draft.at)) {
    draft.mark = 'stream';
    draft.cut ||= matchAt(byteCounts, text, draft.at) === null;
    draft.at = text.length;
  }
  const rest = text.slice(draft.at);
  // Anything else that was not understood is the stump of a field.
  if (rest !== '' && !otherField.test(rest)) draft.cut = true;
}

/**
 * Reads the fields from `at`, where the message ended. Never searches the line: a field counts only directly behind
 * the one before it.
 *
 * @param isComplete nginx did not cut this line at the end of its buffer
 */
export function readContext(text: string, at: number, isComplete: boolean): Context {
  const draft: Draft = {
    client: null,
    server: null,
    request: null,
    subrequest: null,
    upstream: null,
    host: null,
    referrer: null,
    login: null,
    mark: null,
    timer: false,
    check: null,
    cut: false,
    at,
  };
  const check = isComplete ? matchAt(healthCheck, text, draft.at) : null;
  if (check !== null) {
    draft.check = { peer: check[1] ?? '', group: check[2] ?? '' };
    return draft;
  }
  const lua = matchAt(luaContext, text, draft.at);
  if (lua !== null) {
    draft.timer = lua[1] === 'ngx.timer';
    draft.at += lua[0].length;
  }
  readClient(draft, text);
  readServer(draft, text);
  const request = readRequest(text, draft.at, isComplete);
  if (request !== null) {
    draft.request = request.value;
    draft.cut ||= !request.closed;
    draft.at = request.next;
  }
  const subrequest = readSubrequest(text, draft.at, draft.request);
  if (subrequest !== null) {
    draft.subrequest = subrequest.value;
    draft.cut ||= !subrequest.closed;
    draft.at = subrequest.next;
  }
  if (request === null && subrequest === null) readMail(draft, text, isComplete);
  readUpstream(draft, text);
  readHeaders(draft, text);
  readEnd(draft, text);
  return draft;
}
