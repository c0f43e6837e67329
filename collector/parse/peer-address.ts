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
  const bytes = v6 === undefined ? ipv4Bytes(v4 ?? '') : ipv6Bytes(v6);
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

function ipv4Bytes(text: string): number[] | null {
  const bytes = text.split('.').map(Number);
  return bytes.length === 4 && bytes.every((byte) => byte <= 255) ? bytes : null;
}

function ipv6Bytes(text: string): number[] | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const head = groups(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? groups(halves[1] ?? '', true) : [];
  if (head === null || tail === null) return null;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 2 ? missing < 2 : missing !== 0) return null;
  return [...head, ...Array<number>(missing).fill(0), ...tail];
}

/** The bytes of one side of `::`; the last group of the address may be written as IPv4. */
function groups(text: string, last: boolean): number[] | null {
  if (text === '') return [];
  const bytes: number[] = [];
  const parts = text.split(':');
  for (const [at, part] of parts.entries()) {
    if (last && at === parts.length - 1 && part.includes('.')) {
      const four = /^\d{1,3}(?:\.\d{1,3}){3}$/.test(part) ? ipv4Bytes(part) : null;
      if (four === null) return null;
      bytes.push(...four);
      continue;
    }
    if (!/^[0-9a-f]{1,4}$/i.test(part)) return null;
    const value = Number.parseInt(part, 16);
    bytes.push(value >> 8, value & 255);
  }
  return bytes;
}
