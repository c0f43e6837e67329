/** The average of a value over the last so many seconds, gaps left out. */
export interface SlidingAverage {
  /** The value of this tick; null is a gap. */
  record(second: number, value: number | null | undefined): void;
  /** Between two ages in seconds, both included; null when nothing is known of that time. */
  average(second: number, youngest: number, oldest: number): number | null;
}

export function createSlidingAverage(keepSeconds: number): SlidingAverage {
  let values: { readonly second: number; readonly value: number }[] = [];
  return {
    record(second, value) {
      if (typeof value === 'number') values.push({ second, value });
      const [first] = values;
      if (first !== undefined && second - first.second > keepSeconds + 60)
        values = values.filter((each) => second - each.second <= keepSeconds);
    },
    average(second, youngest, oldest) {
      let sum = 0;
      let count = 0;
      for (const each of values) {
        const age = second - each.second;
        if (age < youngest || age > oldest) continue;
        sum += each.value;
        count++;
      }
      return count === 0 ? null : sum / count;
    },
  };
}
