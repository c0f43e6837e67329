/** Addresses as nginx reads and writes them (src/core/ngx_inet.c: ngx_parse_url, ngx_inet6_ntop). */

export type Address =
  | { readonly kind: 'unix'; readonly peer: string; readonly uri: string }
  | { readonly kind: 'ip' | 'name'; readonly host: string; readonly port: number | null; readonly uri: string };

const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)$/;

function ipv4Groups(text: string): readonly number[] | null {
  if (!ipv4.test(text)) {
    return null;
  }
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
}

function groupsOf(part: string): number[] | null {
  if (part === '') {
    return [];
  }
  const groups: number[] = [];
  for (const field of part.split(':')) {
    const last = ipv4Groups(field);
    if (last !== null) {
      groups.push(...last);
    } else if (/^[0-9a-f]{1,4}$/i.test(field)) {
      groups.push(Number.parseInt(field, 16));
    } else {
      return null;
    }
  }
  return groups;
}

/** The eight 16-bit groups of an IPv6 address, or null. */
export function parseIpv6(text: string): readonly number[] | null {
  const [head = '', tail, more] = text.split('::');
  const left = groupsOf(head);
  const right = groupsOf(tail ?? '');
  if (left === null || right === null || more !== undefined) {
    return null;
  }
  const missing = 8 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 1) {
    return null;
  }
  return [...left, ...new Array<number>(missing).fill(0), ...right];
}

/** The first longest run of at least two zero groups: nginx writes it as `::`. */
function zeroRun(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: -1, length: 1 };
  for (let at = 0; at < groups.length; at += 1) {
    let length = 0;
    while (groups[at + length] === 0) {
      length += 1;
    }
    if (length > best.length) {
      best = { start: at, length };
    }
    at += length;
  }
  return best;
}

/** An IPv6 address the way nginx prints it, without brackets; null when it is none. */
export function canonicalIpv6(text: string): string | null {
  const groups = parseIpv6(text);
  if (groups === null) {
    return null;
  }
  const run = zeroRun(groups);
  const [last = 0] = groups.slice(7);
  const mapped =
    run.start === 0 &&
    ((run.length === 5 && groups[5] === 0xffff) ||
      run.length === 6 ||
      (run.length === 7 && last > 255 && last % 256 !== 1));
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  if (mapped) {
    const bytes = groups.slice(6).flatMap((group) => [group >> 8, group & 255]);
    return `${groups[5] === 0xffff ? '::ffff:' : '::'}${bytes.join('.')}`;
  }
  if (run.start < 0) {
    return hex(groups);
  }
  return `${hex(groups.slice(0, run.start))}::${hex(groups.slice(run.start + run.length))}`;
}

/** An address literal and a port as nginx names a peer; null when `host` is not an address. */
export function peerName(host: string, port: number): string | null {
  if (ipv4.test(host)) {
    return `${host}:${port}`;
  }
  const six = canonicalIpv6(host);
  return six === null ? null : `[${six}]:${port}`;
}

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
  return { kind: bracketed !== null || ipv4.test(host) ? 'ip' : 'name', host, port, uri };
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
