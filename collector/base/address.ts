/** IP addresses as text and as bytes, and whether one is in a network. */
// biome-ignore lint/correctness/noNodejsModules: Node's own reading of addresses is pure, and needs no second one
import { BlockList, isIPv4, isIPv6 } from 'node:net';

export const isIpv4 = isIPv4;

/** Eight groups of 16 bits, of an address that is known to be one. */
function groupsOf(address: string): readonly number[] {
  // The last 32 bits may be written as IPv4.
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
    [256 * Number(a) + Number(b), 256 * Number(c) + Number(d)].map((group) => group.toString(16)).join(':'),
  );
  const [head = '', tail = ''] = hex.split('::');
  const numbers = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const [left, right] = [numbers(head), numbers(tail)];
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}

/** Four bytes of an IPv4 address, sixteen of an IPv6 address without a zone; null for everything else. */
export function bytesOf(address: string): readonly number[] | null {
  if (isIPv4(address)) return address.split('.').map(Number);
  if (!isIPv6(address) || address.includes('%')) return null;
  return groupsOf(address).flatMap((group) => [group >> 8, group & 255]);
}

/** Whether `address` is in `network`: an address, or `address/bits`. Families do not mix. */
export function isWithin(address: string, network: string): boolean {
  const [base = '', bits] = network.split('/');
  const family = isIPv6(base) ? 'ipv6' : 'ipv4';
  if (family === 'ipv4' ? !isIPv4(base) || !isIPv4(address) : !isIPv6(address)) return false;
  const size = bits === undefined ? (family === 'ipv4' ? 32 : 128) : Number(bits);
  if (!Number.isInteger(size) || size < 0 || size > (family === 'ipv4' ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(base, size, family);
  return list.check(address, family);
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
  const groups = isIPv6(text) ? groupsOf(text) : null;
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
  if (isIpv4(host)) {
    return `${host}:${port}`;
  }
  const six = canonicalIpv6(host);
  return six === null ? null : `[${six}]:${port}`;
}
