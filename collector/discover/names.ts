/** The addresses behind the names of upstream servers: those nginx took when it loaded, and whether they have moved. */
import { parseHosts } from '../parse/hosts.ts';
import type { FileSystem } from '../system/fs.ts';
import type { Resolve } from '../system/network/dns.ts';
import type { NginxFound } from './find/find-nginx.ts';
import { placeOf, readPlace } from './find/view.ts';

export type Addresses = ReadonlyMap<string, readonly string[]>;

export interface NameChange {
  readonly name: string;
  /** What nginx uses since it loaded. */
  readonly before: readonly string[];
  /** What the name resolves to now; empty when it no longer does. */
  readonly now: readonly string[];
}

/** Enough for a thousand containers on one network. */
const largestHosts = 65_536;

/**
 * Names as this nginx resolves them, as far as we can: its own /etc/hosts first, which an engine writes (`--link`,
 * `--add-host`), where it may be read; else our resolver. Another namespace's resolver is not asked.
 */
export function nginxResolver({ master, view }: NginxFound, resolve: Resolve, fs: FileSystem): Resolve {
  if (master === null || master.container === null) return resolve;
  return (name) => {
    const text = readPlace(fs, view, placeOf(fs, view, '/etc/hosts'), largestHosts);
    const addresses = text.ok ? parseHosts(text.value).get(name.toLowerCase()) : undefined;
    return addresses === undefined ? resolve(name) : Promise.resolve({ ok: true, addresses });
  };
}

/** Names that lead elsewhere than they did. The order of addresses means nothing: resolvers rotate it. */
export function changedNames(before: Addresses, now: Addresses): readonly NameChange[] {
  const sorted = (addresses: readonly string[]): string => [...addresses].sort().join(' ');
  return [...before].flatMap(([name, old]) => {
    const fresh = now.get(name) ?? [];
    return sorted(old) === sorted(fresh) ? [] : [{ name, before: old, now: fresh }];
  });
}

/** The changes as a problem of the operator's; null when there is none. */
export function movedNames(before: Addresses, now: Addresses): string | null {
  const moved = changedNames(before, now).map(
    (each) => `${each.name} resolves to ${each.now.join(', ') || 'nothing'}, nginx uses ${each.before.join(', ')}`,
  );
  return moved.length === 0 ? null : `${moved.join('; ')}: reload nginx`;
}
