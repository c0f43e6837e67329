/** Exact counts second by second: what alerts check, whatever the interval of the ticks is. */
import { madeAt } from '../../base/collections.ts';
export interface Seconds<K extends string> {
  /** @param second of a monotonic clock; what is older than the ring is left out */
  add(kind: K, second: number, count: number): void;
  /** Between two ages in seconds, both included: `sum('lost', now, 10, 19)` is 10 to 20 seconds ago. */
  sum(kind: K, now: number, youngest: number, oldest: number): number;
  /** As `sum` for each second: of those in which `kind` happened, whether `other` did, too, at most a second apart. */
  sumBeside(kind: K, others: readonly K[], now: number, youngest: number, oldest: number): number;
  /** Everything of the last `reach` seconds that is not zero, but for some kinds: age, kind, count. */
  dump(now: number, without: ReadonlySet<string>): readonly (readonly [age: number, kind: K, count: number])[];
  /** Every sum is 0, now and until something is added. */
  isEmpty(now: number): boolean;
}

/** How far back a count can be asked for. */
export const reach = 255;
const slots = reach + 1;
/** Before any second there is. An integer, as those that follow: V8 compiles for one kind of number. */
const never = -(2 ** 30);

const newRing = () => ({
  counts: new Uint32Array(slots),
  stamps: new Int32Array(slots).fill(-1),
  last: never,
});

/** @param kinds each takes a kilobyte from its first event on */
export function createSeconds<K extends string>(kinds: readonly K[]): Seconds<K> {
  const rings = new Map<K, ReturnType<typeof newRing>>();
  /** Of all kinds. */
  let last = never;

  function at(kind: K, second: number): number {
    const ring = rings.get(kind);
    const slot = second & reach;
    return ring !== undefined && ring.stamps[slot] === second ? (ring.counts[slot] as number) : 0;
  }

  const isSilent = (kind: K, now: number, oldest: number): boolean => now - (rings.get(kind)?.last ?? never) > oldest;

  return {
    add(kind, second, count) {
      if (second < 0) return;
      const ring = madeAt(rings, kind, newRing);
      const slot = second & reach;
      if ((ring.stamps[slot] as number) > second) return;
      if (ring.stamps[slot] !== second) {
        ring.stamps[slot] = second;
        ring.counts[slot] = 0;
      }
      ring.counts[slot] = (ring.counts[slot] as number) + count;
      if (second > ring.last) ring.last = second;
      if (second > last) last = second;
    },

    sum(kind, now, youngest, oldest) {
      if (isSilent(kind, now, oldest)) return 0;
      let total = 0;
      // What was written in a second that this clock has not begun yet is of now.
      for (let age = youngest === 0 ? -1 : youngest; age <= oldest; age++) total += at(kind, now - age);
      return total;
    },

    sumBeside(kind, others, now, youngest, oldest) {
      if (isSilent(kind, now, oldest)) return 0;
      let total = 0;
      for (let age = youngest === 0 ? -1 : youngest; age <= oldest; age++) {
        const count = at(kind, now - age);
        if (count === 0) continue;
        const isBeside = others.some((other) => [age - 1, age, age + 1].some((near) => at(other, now - near) > 0));
        if (isBeside) total += count;
      }
      return total;
    },

    dump(now, without) {
      const found: (readonly [number, K, number])[] = [];
      for (const kind of rings.size === 0 ? [] : kinds) {
        if (without.has(kind) || isSilent(kind, now, reach)) continue;
        for (let age = 0; age < slots; age++) {
          const count = at(kind, now - age);
          if (count > 0) found.push([age, kind, count]);
        }
      }
      return found;
    },

    isEmpty: (now) => now - last > reach,
  };
}
