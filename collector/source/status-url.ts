import { hexadecimal } from '../base/text.ts';
import type { HttpTarget } from '../system/network/http.ts';

/** A path as it may stand in a request: nginx.conf has it as nginx compares it, decoded, with blanks and any alphabet. */
function encoded(path: string): string {
  return path.replace(/[^!-~]+/g, (text) => Array.from(Buffer.from(text), (byte) => `%${hexadecimal(byte)}`).join(''));
}

/** A header carries bytes: Node takes each character for one. null for what no header may hold. */
function headerValue(text: string): string | null {
  return /[^ -~\u0080-\uffff]/.test(text) ? null : Buffer.from(text).toString('latin1');
}

/**
 * Where a stub_status URL points: `http://127.0.0.1/stub_status`, `https://…`, and as nginx writes a unix socket,
 * `http://unix:/run/nginx-status.sock:/stub_status` (`unix:/run/….sock:/uri` for short). null when it is none of them.
 *
 * @param hostHeader selects the server where several share an address
 */
export function parseStatusUrl(text: string, hostHeader: string | null = null): HttpTarget | null {
  const host = hostHeader === null ? null : headerValue(hostHeader);
  if (hostHeader !== null && host === null) return null;
  const unix = /^(?:(https?):\/\/)?unix:(\/[^:\0]+)(?::(\/.*))?$/s.exec(text);
  if (unix !== null) {
    const [, scheme, socketPath = '', path = '/'] = unix;
    return { secure: scheme === 'https', authority: host ?? 'localhost', path: encoded(path), connect: { socketPath } };
  }
  if (!/^https?:\/\/[^/]/i.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  const secure = url.protocol === 'https:';
  const address = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  return { secure, authority: host ?? url.host, path: url.pathname + url.search, connect: { host: address, port } };
}
