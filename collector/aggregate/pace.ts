/** How often something may be done whose price depends on the host: /proc/net/tcp costs by the socket, /proc by the process. */
export interface Pace {
  /** Whether it is time again. */
  isDue(nowUs: number): boolean;
  /** Says that it was done now, and how long it took. */
  spent(nowUs: number, costUs: number): void;
}

export interface PaceOptions {
  /** Of one core, at most: 0.002 allows 2 ms in every second. */
  readonly share: number;
  /** Never seldomer than this, whatever it costs. */
  readonly longestUs: number;
}

/**
 * The price is judged by the cheaper of the last two: one that was high because the machine was busy, or because the
 * code was new to the compiler (the first is ten times as dear), says nothing of the host.
 */
export function createPace({ share, longestUs }: PaceOptions): Pace {
  let dueUs = Number.NEGATIVE_INFINITY;
  let lastCostUs = 0;
  return {
    isDue: (nowUs) => nowUs >= dueUs,
    spent(nowUs, costUs) {
      const price = Math.min(costUs, lastCostUs);
      lastCostUs = costUs;
      dueUs = nowUs + Math.min(price / share, longestUs);
    },
  };
}
