import type { Counts } from '../../model.ts';

/** Running totals of one instance, by kind. */
export type Tally<K extends string> = Record<K, number>;

export function tally<K extends string>(kinds: readonly K[]): Tally<K> {
  const counts: Record<string, number> = {};
  for (const kind of kinds) counts[kind] = 0;
  return counts as Tally<K>;
}

/** Where each kind is counted in an array: the hot path counts by number, not by name. */
export function places<K extends string>(kinds: readonly K[]): Readonly<Record<K, number>> {
  return Object.fromEntries(kinds.map((kind, i) => [kind, i])) as Record<K, number>;
}

/**
 * Shows running totals that keep changing: the same object again as long as none of them has changed. What is sent
 * every second costs least when it is known to be what was sent before (charts/encode.ts).
 *
 * @param count the total of kind `i` now
 */
export function createShown<K extends string>(kinds: readonly K[], count: (i: number) => number): () => Counts<K> {
  let shown: Counts<K> = tally(kinds);
  const isSame = (kind: K, i: number): boolean => shown[kind] === count(i);
  return () => {
    if (!kinds.every(isSame)) shown = named(kinds, count);
    return shown;
  };
}

/** Counts in the order of their kinds, by name. */
export function named<K extends string>(kinds: readonly K[], count: (i: number) => number): Counts<K> {
  const counts = tally(kinds);
  for (let i = 0; i < kinds.length; i++) counts[kinds[i] as K] = count(i);
  return counts;
}
