/** Which nginx takes the place of one that is gone, with its name and its charts: a new container, an upgrade. Pure. */
import type { NginxRead } from '../../discover/follow/read-nginx.ts';

function upstreamsOf({ configuration }: NginxRead): ReadonlySet<string> {
  return new Set(configuration.upstreams.map(({ name }) => name));
}

/** 0: another one. The path alone says little, since most containers have the same. */
function likeness(read: NginxRead, gone: NginxRead): number {
  // Installed and never seen to run: whatever runs takes its place.
  if (gone.found.master === null) return 0.1;
  const samePath = read.found.confPath === gone.found.confPath ? 1 : 0;
  const [own, other] = [upstreamsOf(read), upstreamsOf(gone)];
  if (own.size === 0 || other.size === 0) return samePath;
  const common = [...own].filter((name) => other.has(name)).length;
  return common === 0 ? 0 : samePath + (2 * common) / Math.max(own.size, other.size);
}

/**
 * @param gone by their keys
 * @returns the key that each of `found` takes over; those that are nobody's successor are missing
 */
export function placesTaken(
  found: readonly NginxRead[],
  gone: ReadonlyMap<string, NginxRead>,
): ReadonlyMap<NginxRead, string> {
  const pairs = found.flatMap((read) =>
    Array.from(gone, ([key, before]) => ({ read, key, score: likeness(read, before) })),
  );
  const taken = new Map<NginxRead, string>();
  const keys = new Set<string>();
  for (const { read, key, score } of pairs.sort((a, b) => b.score - a.score)) {
    if (score === 0 || taken.has(read) || keys.has(key)) continue;
    taken.set(read, key);
    keys.add(key);
  }
  return taken;
}

/** One that has come back after another took its place has its own key. */
export function freeKey(identity: string, taken: ReadonlyMap<string, unknown>): string {
  let key = identity;
  while (taken.has(key)) key += '+';
  return key;
}
