/**
 * One line of nginx's error log (src/core/ngx_log.c): prefix, message, context, kind. Pure and total: any string gives
 * a value. Read from the left, because nothing in the line is escaped.
 */
import type { ErrorLine, Kind, UpstreamField } from '../../model.ts';
import { ejectedPeer } from './checks.ts';
import { type Context, readContext } from './fields/context.ts';
import { isAboutName, splitMessage } from './fields/message.ts';
import { type Prefix, strictPrefix, tolerantPrefix } from './fields/prefix.ts';
import { protocolOf } from './fields/protocol.ts';
import { barePeer, httpUpstream, peerOfMessage } from './fields/upstream.ts';
import { isNoise, isQuiet, kindOf } from './kind.ts';
import { isBufferCut } from './size.ts';

function upstreamOf(context: Context, protocol: string | null, named: string | null): UpstreamField | null {
  if (context.check !== null) return { scheme: null, peer: context.check.peer, uri: null };
  const fromMessage = named === null ? null : { scheme: null, peer: named, uri: null };
  if (context.upstream === null) return fromMessage;
  const isHttp = protocol === 'http' || context.upstream.text.includes('://');
  const field = isHttp ? httpUpstream(context.upstream, named) : barePeer(context.upstream);
  if (field !== null || fromMessage === null) return field;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//.exec(context.upstream.text)?.[1] ?? null;
  return { ...fromMessage, scheme };
}

/**
 * Whether the upstream field may be what it says. Where no peer was chosen it is a client's text. A message that
 * quotes a file name or an application may hold a complete forged context: then there are two, and neither is believed;
 * of a line that was cut the real one may be lost.
 */
function isTrusted(kind: Kind, message: string, context: Context, isWhole: boolean): boolean {
  if (isAboutName(message)) return false;
  if (kind !== 'unrelated') return true;
  return isWhole && context.client !== null;
}

/** A request that talks to an upstream has a request line. */
function lacksRequest(action: string | null, protocol: string | null, context: Context): boolean {
  if (protocol === 'stream' || protocol === 'mail' || context.request !== null) return false;
  return context.server !== null && context.upstream === null && (action?.includes('upstream') ?? false);
}

function parseFrom(text: string, prefix: Prefix): ErrorLine {
  const body = text.trimEnd();
  const cutByNginx = isBufferCut(text.slice(prefix.start));
  const left = splitMessage(body, Math.min(prefix.message, body.length));
  const context = readContext(body, left.context, !cutByNginx);
  const protocol = protocolOf(left.action, context);
  const hasOneContext = !body.includes(', client: ', left.context + 1);
  const kind = kindOf({
    level: prefix.level,
    message: left.message,
    errno: left.errno,
    action: left.action,
    upstream: context.upstream !== null,
    isCut: left.cut,
    timer: context.timer,
    isWhole: !cutByNginx && hasOneContext,
  });
  const truncated = cutByNginx || left.cut || context.cut || lacksRequest(left.action, protocol, context);
  const named = kind === 'unrelated' ? null : (ejectedPeer(left.message) ?? peerOfMessage(left.message));
  const trusted = isTrusted(kind, left.message, context, !truncated && hasOneContext);
  return {
    time: prefix.time,
    level: prefix.level,
    pid: prefix.pid,
    tid: prefix.tid,
    connection: prefix.connection,
    errno: left.errno,
    message: left.message,
    kind,
    action: left.action,
    protocol,
    client: context.client,
    server: context.server,
    request: context.request,
    subrequest: context.subrequest,
    upstream: trusted ? upstreamOf(context, protocol, named) : null,
    host: context.host,
    referrer: context.referrer,
    login: context.login,
    truncated,
    ...(context.check === null ? {} : { checked: context.check.group }),
  };
}

function withoutLineEnd(text: string): string {
  const end = text.endsWith('\n') ? text.length - 1 : text.length;
  return text.slice(0, end > 0 && text[end - 1] === '\r' ? end - 1 : end);
}

/**
 * For people's files: finds the nginx line behind docker compose, s6, journald or syslog prefixes, and accepts lines
 * that lost their beginning or their end. Null when it is no such line: a continuation, empty, another program's.
 */
export function parseErrorLine(text: string): ErrorLine | null {
  const line = withoutLineEnd(text);
  const prefix = tolerantPrefix(line);
  return prefix === null ? null : parseFrom(line, prefix);
}

/**
 * For the plugin: time, level and pid#tid in place at column 0, or null. Lines whose level or first words show that
 * they are no upstream failure come back `unrelated` with their message unsplit and without fields.
 */
export function parseStrictErrorLine(text: string): ErrorLine | null {
  const line = withoutLineEnd(text);
  const prefix = strictPrefix(line);
  if (prefix === null) return null;
  const message = line.slice(prefix.message);
  // The mail module reports a peer that does not answer at [info].
  const isFailure = message.startsWith('upstream timed out') || message.includes(' while SSL handshaking to upstream');
  if (!isNoise(message) && (isFailure || !isQuiet(prefix.level))) return parseFrom(line, prefix);
  return {
    time: prefix.time,
    level: prefix.level,
    pid: prefix.pid,
    tid: prefix.tid,
    connection: prefix.connection,
    errno: null,
    message,
    kind: 'unrelated',
    action: null,
    protocol: null,
    client: null,
    server: null,
    request: null,
    subrequest: null,
    upstream: null,
    host: null,
    referrer: null,
    login: null,
    truncated: false,
  };
}
