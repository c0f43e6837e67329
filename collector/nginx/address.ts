/** Addresses as nginx reads and writes them (src/core/ngx_inet.c: ngx_parse_url, ngx_inet6_ntop). */

import { canonicalIpv6, isIpv4 } from '../base/address.ts';

export type Address =
  | { readonly kind: 'unix'; readonly peer: string; readonly uri: string }
  | { readonly kind: 'ip' | 'name'; readonly host: string; readonly port: number | null; readonly uri: string };

function parsePort(text: string): number | null {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65535 ? port : null;
}

function parseInet(authority: string, uri: string): Address | null {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(authority);
  const [host, portText] =
    bracketed === null ? splitPort(authority) : [canonicalIpv6(bracketed[1] ?? ''), bracketed[2]];
  if (host === null || host === '') {
    return null;
  }
  const port = portText === undefined ? null : parsePort(portText);
  if (portText !== undefined && port === null) {
    return null;
  }
  return { kind: bracketed !== null || isIpv4(host) ? 'ip' : 'name', host, port, uri };
}

function splitPort(authority: string): readonly [string, string | undefined] {
  const colon = authority.indexOf(':');
  return colon < 0 ? [authority, undefined] : [authority.slice(0, colon), authority.slice(colon + 1)];
}

/** `host[:port][/uri]`, `[v6][:port][/uri]` or `unix:/path[:/uri]`. Null when nginx would refuse it. */
export function parseAddress(text: string): Address | null {
  if (text.startsWith('unix:')) {
    const colon = text.indexOf(':', 5);
    const peer = colon < 0 ? text : text.slice(0, colon);
    return peer.length > 5 ? { kind: 'unix', peer, uri: colon < 0 ? '' : text.slice(colon + 1) } : null;
  }
  const slash = text.search(/[/?]/);
  const authority = slash < 0 ? text : text.slice(0, slash);
  return parseInet(authority, slash < 0 ? '' : text.slice(slash));
}
