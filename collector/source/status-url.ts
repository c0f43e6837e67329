import type { HttpTarget } from '../system/http.ts';

/**
 * Where a stub_status URL points: `http://127.0.0.1/stub_status`, `https://…`, and as nginx writes a unix socket,
 * `http://unix:/run/nginx-status.sock:/stub_status` (`unix:/run/….sock:/uri` for short). null when it is none of them.
 *
 * @param hostHeader selects the server where several share an address
 */
export function parseStatusUrl(text: string, hostHeader: string | null = null): HttpTarget | null {
  const unix = /^(?:(https?):\/\/)?unix:(\/[^:]+)(?::(\/.*))?$/.exec(text);
  if (unix !== null) {
    const [, scheme, socketPath = '', path = '/'] = unix;
    return { secure: scheme === 'https', authority: hostHeader ?? 'localhost', path, connect: { socketPath } };
  }
  if (!/^https?:\/\/[^/]/i.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  const secure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  return { secure, authority: hostHeader ?? url.host, path: url.pathname + url.search, connect: { host, port } };
}
