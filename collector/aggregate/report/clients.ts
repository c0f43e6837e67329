/** What clients noticed of a peer's failures, by minute: requests that a retry saved, and requests that failed. */
import { madeAt } from '../../base/collections.ts';

export interface Noticed {
  masked: number;
  affected: number;
}

export interface ClientTimes {
  /** One request, at each peer that failed it. */
  record(peer: string, what: keyof Noticed, second: number): void;
  /** A log with attempts and times was read, from its first to its last line (seconds). */
  covered(first: number, last: number): void;
  /** null when no such log spans this time. */
  between(peer: string | null, start: number, end: number): Noticed | null;
}

/** An access line is written when its request ends: that long after the failure it is still the incident's. */
const grace = 10;
const mostMinutes = 200_000;

const newMinutes = () => new Map<number, Noticed>();

export function createClientTimes(limit = mostMinutes): ClientTimes {
  const peers = new Map<string, Map<number, Noticed>>();
  const spans: (readonly [first: number, last: number])[] = [];
  let kept = 0;
  let isWhole = true;

  /** A minute more or less: a quiet server writes no line in every one. */
  const isCovered = (second: number): boolean =>
    spans.some(([first, last]) => second >= first - 60 && second <= last + 60);

  return {
    record(peer, what, second) {
      const minute = Math.floor(second / 60);
      const minutes = madeAt(peers, peer, newMinutes);
      const known = minutes.get(minute);
      if (known !== undefined) known[what]++;
      else if (kept < limit) {
        kept++;
        minutes.set(minute, { masked: 0, affected: 0, [what]: 1 });
      } else isWhole = false;
    },
    covered: (first, last) => void spans.push([first, last]),
    between(peer, start, end) {
      if (peer === null || !isWhole || !isCovered(start) || !isCovered(end)) return null;
      const sum = { masked: 0, affected: 0 };
      const minutes = peers.get(peer);
      if (minutes === undefined) return sum;
      for (let minute = Math.floor(start / 60); minute <= Math.floor((end + grace) / 60); minute++) {
        const found = minutes.get(minute);
        sum.masked += found?.masked ?? 0;
        sum.affected += found?.affected ?? 0;
      }
      return sum;
    },
  };
}
