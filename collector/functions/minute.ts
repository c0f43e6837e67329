import type { ErrorMaker, FailureKind, Outcome } from '../model.ts';

/** How much running totals grew within the last minute. */
export interface Minute<K extends string> {
  /** @param totals null or undefined: not known at this tick. The first ones count from zero. */
  add(second: number, totals: Partial<Readonly<Record<K, number>>> | null | undefined): void;
  /** Counts from these totals on: what they hold is older. */
  begin(totals: Partial<Readonly<Record<K, number>>> | null | undefined): void;
  /** Only what is above zero. */
  sums(): ReadonlyMap<K, number>;
  sum(): number;
  /** What the last `add` brought. */
  latest(): ReadonlyMap<K, number>;
  /** False until totals were known once. */
  isKnown(): boolean;
}

const minuteSeconds = 60;
const nothing: ReadonlyMap<never, number> = new Map<never, number>();

interface Growth<K> {
  readonly second: number;
  readonly key: K;
  readonly by: number;
}

/** Costs nothing while nothing grows: totals that have not changed are the same object (aggregate's `createShown`). */
export function createMinute<K extends string>(): Minute<K> {
  const sums = new Map<K, number>();
  let last: Partial<Readonly<Record<K, number>>> | null = null;
  let latest: ReadonlyMap<K, number> = nothing;
  /** Oldest first; those before `head` have left the minute. */
  let growths: Growth<K>[] = [];
  let head = 0;
  let all = 0;

  function forget(second: number): void {
    for (let first = growths[head]; first !== undefined && second - first.second >= minuteSeconds; ) {
      const left = (sums.get(first.key) ?? 0) - first.by;
      if (left > 0) sums.set(first.key, left);
      else sums.delete(first.key);
      all -= first.by;
      first = growths[++head];
    }
    if (head * 2 <= growths.length) return;
    growths = growths.slice(head);
    head = 0;
  }

  function grown(totals: Partial<Readonly<Record<K, number>>>): ReadonlyMap<K, number> {
    const found = new Map<K, number>();
    for (const key in totals) {
      const total = totals[key] as number;
      const before = last?.[key] ?? 0;
      // A total that fell belongs to counters that were made anew.
      const by = total >= before ? total - before : total;
      if (by > 0) found.set(key, by);
    }
    return found;
  }

  return {
    add(second, totals) {
      if (growths.length > 0) forget(second);
      latest = nothing;
      if (totals === null || totals === undefined || totals === last) return;
      latest = grown(totals);
      last = totals;
      for (const [key, by] of latest) {
        growths.push({ second, key, by });
        sums.set(key, (sums.get(key) ?? 0) + by);
        all += by;
      }
    },
    begin(totals) {
      last = totals ?? null;
    },
    sums: () => sums,
    sum: () => all,
    latest: () => latest,
    isKnown: () => last !== null,
  };
}

export interface UpstreamMinute {
  readonly upstream: string;
  readonly failures: Minute<FailureKind>;
  readonly outcomes: Minute<Outcome>;
  readonly serverErrors: Minute<ErrorMaker>;
}
