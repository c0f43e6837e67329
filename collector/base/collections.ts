/** Lists and maps, in the few ways in which several rooms use them. */

/** All of them, beginning with that at `first` (counted on from the end): so that nobody is always last. */
export function inTurn<T>(all: readonly T[], first: number): readonly T[] {
  const from = all.length === 0 ? 0 : first % all.length;
  return [...all.slice(from), ...all.slice(0, from)];
}

export function sumOf<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((sum, one) => sum + of(one), 0);
}

/** The values of a record or a map of counts, together. */
export function total(counts: Iterable<number>): number {
  let sum = 0;
  for (const count of counts) sum += count;
  return sum;
}

/** Puts a value to those that are under this key already. */
export function addTo<K, V>(groups: Map<K, V[]>, key: K, ...values: readonly V[]): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [...values]);
  else group.push(...values);
}

/** As `addTo`, of a value that may be there already. */
export function addOnce<K, V>(groups: Map<K, V[]>, key: K, value: V): void {
  if (groups.get(key)?.includes(value) !== true) addTo(groups, key, value);
}

/** What is under this key; made and put there where nothing is. */
export function madeAt<K, V>(entries: Map<K, V>, key: K, make: () => V): V {
  const known = entries.get(key);
  if (known !== undefined) return known;
  const made = make();
  entries.set(key, made);
  return made;
}

/** As `madeAt`, while there is room; null for a new one where there are `most` already. */
export function madeWithin<K, V>(entries: Map<K, V>, key: K, most: number, make: () => V): V | null {
  return entries.size < most || entries.has(key) ? madeAt(entries, key, make) : null;
}

/** Forgets the oldest entries of a map or a set until no more than `most` are left. */
export function keepNewest<K>(entries: Map<K, unknown> | Set<K>, most: number): void {
  for (const oldest of entries.keys()) {
    if (entries.size <= most) return;
    entries.delete(oldest);
  }
}

/** One text for two names, of which neither can hold what joins them: a peer of an upstream. */
export function pairKey(first: string, second: string): string {
  return `${first}\0${second}`;
}
