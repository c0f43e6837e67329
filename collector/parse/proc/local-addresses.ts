import { hostKey, parseSocketAddress } from '../peer-address.ts';

/**
 * The addresses a network namespace has itself, as SocketAddress words joined by `.`: IPv4 from /proc/net/fib_trie
 * (net/ipv4/fib_trie.c:fib_trie_seq_show, an address with `/32 host LOCAL` below it), IPv6 from /proc/net/if_inet6
 * (net/ipv6/addrconf.c:if6_seq_show, 32 hexadecimal digits at the start). Total: what is no such line is passed over.
 */
export function localAddresses(fibTrie: string, ifInet6: string): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (host: string) => {
    const address = parseSocketAddress(`${host}:0`);
    if (address !== null) found.add(hostKey(address));
  };
  for (const [, address = ''] of fibTrie.matchAll(/\|-- (\d+\.\d+\.\d+\.\d+)\n +\/32 host LOCAL/g)) add(address);
  for (const [, digits = ''] of ifInet6.matchAll(/^([0-9a-f]{32}) /gm))
    add(`[${digits.replace(/(.{4})(?=.)/g, '$1:')}]`);
  return found;
}
