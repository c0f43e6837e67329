/** The average of a value over the last so many seconds, gaps left out. */
export interface SlidingAverage {
  /** The value of this tick; null is a gap. */
  record(second: number, value: number | null | undefined): void;
  /** Between two ages in seconds, both included; null when less than 20 seconds of that time are known. */
  average(second: number, youngest: number, oldest: number): number | null;
}

/** A peak of a few seconds is no average: none is given when the plugin has just started. */
const leastSeconds = 20;

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
      const [first] = values;
      if (first === undefined || second - first.second < youngest + leastSeconds) return null;
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
