import { madeAt } from '../../base/collections.ts';
import type { FailureKind } from '../../model.ts';

/** Failures of one peer and one kind that followed each other (see `longestPause`). Times are seconds of the log's clock. */
export interface Incident {
  readonly start: number;
  /** Of the last failure. */
  readonly end: number;
  /** The group's name where none of its peers was live; null where the line names none: nginx itself, or a cut line. */
  readonly peer: string | null;
  readonly kind: FailureKind;
  readonly count: number;
  /** Of a minute by the clock. */
  readonly peakPerMinute: number;
}

export interface FailureTimes {
  /** @param times so many in that second; one without it */
  record(peer: string | null, kind: FailureKind, second: number, times?: number): void;
  /** By their beginning. The order in which failures were recorded does not matter. */
  incidents(): readonly Incident[];
  /** Failures by minute since 1970, all peers and kinds. */
  perMinute(): ReadonlyMap<number, number>;
}

interface Minute {
  count: number;
  first: number;
  last: number;
}

interface Series {
  readonly peer: string | null;
  readonly kind: FailureKind;
  readonly minutes: Map<number, Minute>;
}

/**
 * Seconds without a failure that end an incident. Not more than a minute: so no incident can end inside one, and first
 * and last second of each minute are all that has to be kept, whatever the order of the files.
 */
const longestPause = 60;

/** About 100 bytes each. What is beyond is kept for all peers together, as `other`, and then not at all. */
const mostMinutes = 200_000;

export function createFailureTimes(limit = mostMinutes): FailureTimes {
  const series = new Map<string, Series>();
  let kept = 0;
  /** Where the last failure was counted: most are the next of the same minute. */
  let last: {
    readonly peer: string | null;
    readonly kind: FailureKind;
    readonly at: number;
    readonly of: Minute;
  } | null = null;

  function seriesOf(peer: string | null, kind: FailureKind): Series {
    return madeAt(series, `${kind} ${peer ?? ''}`, () => ({ peer, kind, minutes: new Map<number, Minute>() }));
  }

  function minuteOf(peer: string | null, kind: FailureKind, minute: number, most: number): Minute | null {
    const known = series.get(`${kind} ${peer ?? ''}`)?.minutes.get(minute);
    if (known !== undefined) return known;
    if (kept >= most) return null;
    kept++;
    const made = { count: 0, first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY };
    seriesOf(peer, kind).minutes.set(minute, made);
    return made;
  }

  return {
    record(peer, kind, second, times = 1) {
      const minute = Math.floor(second / 60);
      const isNext = last !== null && last.at === minute && last.kind === kind && last.peer === peer;
      const found = isNext
        ? last?.of
        : (minuteOf(peer, kind, minute, limit) ?? minuteOf('other', kind, minute, 1.5 * limit));
      if (!found) return;
      if (!isNext) last = { peer, kind, at: minute, of: found };
      found.count += times;
      if (second < found.first) found.first = second;
      if (second > found.last) found.last = second;
    },
    incidents: () => [...series.values()].flatMap(incidentsOf).sort(byStart),
    perMinute() {
      const sums = new Map<number, number>();
      for (const { minutes } of series.values()) {
        for (const [minute, { count }] of minutes) sums.set(minute, (sums.get(minute) ?? 0) + count);
      }
      return sums;
    },
  };
}

function incidentsOf({ peer, kind, minutes }: Series): readonly Incident[] {
  const found: Incident[] = [];
  for (const [, { count, first, last }] of [...minutes].sort(([a], [b]) => a - b)) {
    const before = found.at(-1);
    if (before === undefined || first - before.end >= longestPause) {
      found.push({ start: first, end: last, peer, kind, count, peakPerMinute: count });
      continue;
    }
    const peakPerMinute = Math.max(before.peakPerMinute, count);
    found[found.length - 1] = { ...before, end: last, count: before.count + count, peakPerMinute };
  }
  return found;
}

const byStart = (a: Incident, b: Incident): number =>
  a.start - b.start || compare(a.peer ?? '', b.peer ?? '') || compare(a.kind, b.kind);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
