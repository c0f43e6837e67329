import { bytesOf } from '../base/address.ts';

/** An address as /proc/net/tcp and tcp6 write it: 32-bit words in the machine's own byte order. */
export interface SocketAddress {
  /** One word for IPv4, four for IPv6. A v4-mapped IPv6 address is given as IPv4: the kernel may list it in tcp6. */
  readonly words: readonly number[];
  readonly port: number;
}

const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/**
 * Reads a peer as nginx writes it, `10.0.0.1:80` or `[2001:db8::1]:80`. null for everything else: a unix socket, a
 * group's name, a host name.
 */
export function parseSocketAddress(peer: string): SocketAddress | null {
  const found = /^(?:\[([0-9a-f:.]{2,45})\]|(\d{1,3}(?:\.\d{1,3}){3})):(\d{1,5})$/i.exec(peer);
  if (found === null) return null;
  const [, v6, v4, digits] = found;
  const port = Number(digits);
  if (port > 65535) return null;
  const bytes = bytesOf(v6 ?? v4 ?? '');
  if (bytes === null) return null;
  const words: number[] = [];
  for (let at = 0; at < bytes.length; at += 4) words.push(word(bytes, at));
  return { words: isMapped(bytes) ? words.slice(3) : words, port };
}

function word(bytes: readonly number[], at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(at, at + 4);
  const [high, second, third, low] = littleEndian ? [d, c, b, a] : [a, b, c, d];
  return ((high << 24) | (second << 16) | (third << 8) | low) >>> 0;
}

function isMapped(bytes: readonly number[]): boolean {
  return (
    bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255
  );
}
