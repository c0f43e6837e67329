/** Running totals of one instance, by kind. */
export type Tally<K extends string> = Record<K, number>;

export function tally<K extends string>(kinds: readonly K[]): Tally<K> {
  return Object.fromEntries(kinds.map((kind) => [kind, 0])) as Tally<K>;
}

/** Where each kind is counted in an array: the hot path counts by number, not by name. */
export function places<K extends string>(kinds: readonly K[]): Readonly<Record<K, number>> {
  return Object.fromEntries(kinds.map((kind, i) => [kind, i])) as Record<K, number>;
}

/** Counts in the order of their kinds, by name. */
export function named<K extends string>(kinds: readonly K[], counts: ArrayLike<number>): Record<K, number> {
  return Object.fromEntries(kinds.map((kind, i) => [kind, counts[i] ?? 0])) as Record<K, number>;
}
