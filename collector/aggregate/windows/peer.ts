import type { AlertValues } from '../../model.ts';
import { createSeconds } from './seconds.ts';
import { oldestBefore, type WindowView } from './upstream.ts';

/**
 * What happened to a peer, as its alerts look at it: `unaccounted` (connects that failed and that no attempt accounts
 * for), `connect` (all that failed), `timed_out`.
 */
export const peerEvents = ['unaccounted', 'timed_out', 'connect'] as const;
export type PeerEvent = (typeof peerEvents)[number];

export interface PeerWindow {
  add(event: PeerEvent, second: number, count?: number): void;
  values(view: WindowView): AlertValues;
  /** Connects time out now, and have for a while. */
  timesOut(view: WindowView): boolean;
  readonly seconds: ReturnType<typeof createSeconds<PeerEvent>>;
}

export function createPeerWindow(): PeerWindow {
  const seconds = createSeconds(peerEvents);
  return {
    seconds,
    add: (event, second, count = 1) => seconds.add(event, second, count),
    values({ second, nowSeconds, failTimeout, isCovered }) {
      return {
        unaccounted_5s: seconds.sum('unaccounted', second, 0, nowSeconds - 1),
        unaccounted_before: seconds.sum('unaccounted', second, 10, oldestBefore(failTimeout)),
        unaccounted_1m: seconds.sum('unaccounted', second, 0, 59),
        uncovered: isCovered ? 0 : 1,
      };
    },
    timesOut: ({ second, nowSeconds }) =>
      seconds.sum('timed_out', second, 0, nowSeconds - 1) > 0 && seconds.sum('timed_out', second, 10, 119) > 0,
  };
}
