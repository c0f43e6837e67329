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
  return { words: unmapped(words), port };
}

/** A v4-mapped IPv6 address as the IPv4 address that it stands for. */
export function unmapped(words: readonly number[]): readonly number[] {
  return words.length === 4 && isMappedWords((at) => words[at] ?? 0) ? words.slice(3) : words;
}

function word(bytes: readonly number[], at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(at, at + 4);
  const [high, second, third, low] = littleEndian ? [d, c, b, a] : [a, b, c, d];
  return ((high << 24) | (second << 16) | (third << 8) | low) >>> 0;
}

/** `::ffff:a.b.c.d` in words: the third one. */
const mappedWord = word([0, 0, 255, 255], 0);

/** Whether an address of four words is a v4-mapped one, by its first three. */
export function isMappedWords(at: (word: number) => number): boolean {
  return at(0) === 0 && at(1) === 0 && at(2) === mappedWord;
}

/** The address without its port, as one text for one address. */
export const hostKey = ({ words }: Pick<SocketAddress, 'words'>): string => words.join('.');
/** As `hostKey`, with the port. */
export const addressKey = (address: SocketAddress): string => `${hostKey(address)}:${address.port}`;

const lastOfLoopback = word([0, 0, 0, 1], 0);

/** All of 127.0.0.0/8, though the kernel names only what is configured, and ::1. */
export function isLoopbackWords(words: readonly number[]): boolean {
  if (words.length === 1) return new Uint8Array(Uint32Array.from(words).buffer)[0] === 127;
  return words.every((each, at) => each === (at === 3 ? lastOfLoopback : 0));
}
