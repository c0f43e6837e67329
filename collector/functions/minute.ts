/** How much running totals grew within the last minute. */
export interface Minute<K extends string> {
  /** @param totals null or undefined: not known at this tick. The first ones count from zero. */
  add(second: number, totals: Partial<Readonly<Record<K, number>>> | null | undefined): void;
  /** Only what is above zero. */
  sums(): ReadonlyMap<K, number>;
  sum(): number;
  /** What the last `add` brought. */
  latest(): ReadonlyMap<K, number>;
  /** False until totals were known once. */
  isKnown(): boolean;
}

const minuteSeconds = 60;

interface Growth<K> {
  readonly second: number;
  readonly key: K;
  readonly by: number;
}

/** Costs nothing while nothing grows: totals that have not changed are the same object (aggregate's `createShown`). */
export function createMinute<K extends string>(): Minute<K> {
  let last: Partial<Readonly<Record<K, number>>> | null = null;
  let growths: Growth<K>[] = [];
  let sums = new Map<K, number>();
  let latest: ReadonlyMap<K, number> = new Map();

  function forget(second: number): void {
    const first = growths[0];
    if (first === undefined || second - first.second < minuteSeconds) return;
    growths = growths.filter((each) => second - each.second < minuteSeconds);
    sums = new Map();
    for (const { key, by } of growths) sums.set(key, (sums.get(key) ?? 0) + by);
  }

  function grown(totals: Partial<Readonly<Record<K, number>>>): ReadonlyMap<K, number> {
    const found = new Map<K, number>();
    for (const [key, total] of Object.entries(totals) as [K, number][]) {
      const before = last?.[key] ?? 0;
      // A total that fell belongs to counters that were made anew.
      const by = total >= before ? total - before : total;
      if (by > 0) found.set(key, by);
    }
    return found;
  }

  return {
    add(second, totals) {
      forget(second);
      if (latest.size > 0) latest = new Map();
      if (totals === null || totals === undefined || totals === last) return;
      latest = grown(totals);
      last = totals;
      for (const [key, by] of latest) {
        growths.push({ second, key, by });
        sums.set(key, (sums.get(key) ?? 0) + by);
      }
    },
    sums: () => sums,
    sum: () => total(sums),
    latest: () => latest,
    isKnown: () => last !== null,
  };
}

/** All counts together. */
export function total(counts: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}
