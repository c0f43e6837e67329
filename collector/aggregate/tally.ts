/** Running totals of one instance, by kind. */
export type Tally<K extends string> = Record<K, number>;

export function tally<K extends string>(kinds: readonly K[]): Tally<K> {
  return Object.fromEntries(kinds.map((kind) => [kind, 0])) as Tally<K>;
}
