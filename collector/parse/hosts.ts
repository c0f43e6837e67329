/** /etc/hosts (hosts(5)). Total. */
import { addOnce } from '../base/collections.ts';

/** Addresses by name, in the order of the file; names are compared without case. */
export function parseHosts(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*$/, '').trim().split(/\s+/);
    if (!/^[\da-fA-F:.]+$/.test(address)) continue;
    for (const name of names) addOnce(found, name.toLowerCase(), address);
  }
  return found;
}
