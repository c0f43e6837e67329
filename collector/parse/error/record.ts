/** What `parse error` prints: one JSON object per physical line, keys always present and in this order. */
import type { ErrorLine } from '../../model.ts';

/** The object of a line that matched, as one line of JSON. */
export function formatErrorRecord(line: ErrorLine): string {
  const { upstream } = line;
  return JSON.stringify({
    time: line.time,
    level: line.level,
    pid: line.pid,
    tid: line.tid,
    connection: line.connection,
    errno: line.errno,
    message: line.message,
    kind: line.kind,
    action: line.action,
    protocol: line.protocol,
    client: line.client,
    server: line.server,
    request: line.request,
    subrequest: line.subrequest,
    upstream: upstream === null ? null : { scheme: upstream.scheme, peer: upstream.peer, uri: upstream.uri },
    host: line.host,
    referrer: line.referrer,
    login: line.login,
    truncated: line.truncated,
  });
}

/** The object of a line that did not match. */
export function formatUnmatched(text: string): string {
  return JSON.stringify({ unmatched: true, line: text });
}
