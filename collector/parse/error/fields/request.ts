/**
 * `request` and `subrequest`: where they end. The request is the raw request line, the subrequest a decoded URI; both
 * may hold quotes, commas, and complete forged fields.
 */
import { isSchemed } from './upstream.ts';

export interface Quoted {
  readonly value: string;
  readonly closed: boolean;
  /** Offset behind the closing quote. */
  readonly next: number;
}

const requestLabel = ', request: "';
const subrequestLabel = ', subrequest: "';
/**
 * nginx answers 400 to a blank followed by `H` that does not complete `HTTP/x.y` and the line's end, so the first one
 * ends an HTTP/1 request (src/http/ngx_http_parse.c:ngx_http_parse_request_line).
 */
const versionEnd = / HTTP\/\d\.\d"(?=,|$)/g;
const afterSubrequest = /", (upstream|host|referrer): "/g;

/** The request field at `at`, or null when there is none. */
export function readRequest(text: string, at: number, whole: boolean): Quoted | null {
  if (!text.startsWith(requestLabel, at)) return null;
  const start = at + requestLabel.length;
  versionEnd.lastIndex = start;
  const version = versionEnd.exec(text);
  if (version !== null) {
    const end = version.index + version[0].length - 1;
    return { value: text.slice(start, end), closed: true, next: end + 1 };
  }
  // HTTP/0.9 has no version and no headers: the line ends with the request or with the upstream. A line that was cut
  // ends inside the request, and an upstream found in it would be the client's.
  if (!whole || !text.endsWith('"') || text.length <= start) {
    return { value: text.slice(start), closed: false, next: text.length };
  }
  const end = unversionedEnd(text, start);
  return end === null
    ? { value: text.slice(start, -1), closed: true, next: text.length }
    : { value: text.slice(start, end), closed: true, next: end + 1 };
}

const upstreamLabel = '", upstream: "';

/**
 * Where a request of HTTP/0.9 ends before its upstream; null when the upstream is not known. Before 1.21.1 a client
 * could send `", upstream: "` raw: the last one is nginx's. Where the proxied URI is decoded, an escaped one comes
 * again behind nginx's: with escapes, or with more than one, nobody can know.
 */
function unversionedEnd(text: string, start: number): number | null {
  const first = text.indexOf(upstreamLabel, start);
  if (first === -1) return null;
  const last = text.lastIndexOf(upstreamLabel);
  if (last !== first) {
    const only = text.indexOf(upstreamLabel, first + 1) === last;
    if (!only || text.slice(start, first).includes('%')) return null;
  }
  const subrequest = text.lastIndexOf(`"${subrequestLabel}`, last);
  return subrequest >= start ? subrequest : last;
}

/** The path of a request line as nginx decodes it, when it then holds a quote; null else. */
function decodedPath(request: string | null): string | null {
  const target = request?.split(' ', 2)[1];
  if (target === undefined || !target.includes('%22')) return null;
  try {
    return decodeURIComponent(target.split('?', 1)[0] ?? '');
  } catch {
    return null;
  }
}

/**
 * The subrequest field at `at`, or null. Slices and background updates of the cache repeat the client's own URI,
 * decoded: then its end is where the decoded path ends. Else the first field behind it counts, an upstream only with
 * a scheme: merge_slashes, on by default, leaves no `//` in a decoded URI.
 */
export function readSubrequest(text: string, at: number, request: string | null): Quoted | null {
  if (!text.startsWith(subrequestLabel, at)) return null;
  const start = at + subrequestLabel.length;
  const path = decodedPath(request);
  if (path !== null && text.startsWith(`${path}"`, start)) {
    return { value: path, closed: true, next: start + path.length + 1 };
  }
  afterSubrequest.lastIndex = start;
  for (let next = afterSubrequest.exec(text); next !== null; next = afterSubrequest.exec(text)) {
    const value = next.index + next[0].length;
    if (next[1] !== 'upstream' || isSchemed(text.slice(value, value + 64))) {
      return { value: text.slice(start, next.index), closed: true, next: next.index + 1 };
    }
  }
  const closed = text.length > start && text.endsWith('"');
  return { value: text.slice(start, closed ? -1 : text.length), closed, next: text.length };
}
