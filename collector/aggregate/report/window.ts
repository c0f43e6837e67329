/** Which lines of a log count: those from `--since` to `--until`, by their own time. */

/** Seconds as parse/wall-clock.ts has them; null: no bound. `until` is the last second that counts. */
export interface ReportPeriod {
  readonly since: number | null;
  readonly until: number | null;
}

export interface ReportWindow {
  /** @param second the line's time, -1 when it has none: such a line goes with the one before @param times so many alike */
  has(second: number, times?: number): boolean;
  /** Lines that were left out. */
  left(): number;
}

export function createReportWindow({ since, until }: ReportPeriod): ReportWindow {
  const [from, to] = [since ?? Number.NEGATIVE_INFINITY, until ?? Number.POSITIVE_INFINITY];
  const isOpen = since === null && until === null;
  let isInside = isOpen;
  let left = 0;
  return {
    has(second, times = 1) {
      if (isOpen) return true;
      if (second >= 0) isInside = second >= from && second <= to;
      if (!isInside) left += times;
      return isInside;
    },
    left: () => left,
  };
}
