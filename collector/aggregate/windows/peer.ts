import type { AlertValues } from '../../model.ts';
import { createLatch } from '../time/latch.ts';
import { createSeconds } from '../time/seconds.ts';
import { oldestBefore, replayed, type WindowView } from './upstream.ts';

/**
 * What happened to a peer, as its alerts see it: `unaccounted` (connects that failed and that no attempt accounts
 * for), `connect` (all that failed), `timed_out`.
 */
export const peerEvents = ['unaccounted', 'timed_out', 'connect'] as const;
export type PeerEvent = (typeof peerEvents)[number];

export interface PeerWindow {
  add(event: PeerEvent, second: number, count?: number): void;
  values(view: WindowView): AlertValues;
  /** As UpstreamWindow has it. */
  replay(view: WindowView): void;
  /** Connects time out now, and have for a while. */
  timesOut(view: WindowView): boolean;
  readonly seconds: ReturnType<typeof createSeconds<PeerEvent>>;
}

export function createPeerWindow(): PeerWindow {
  const seconds = createSeconds(peerEvents);
  const latch = createLatch();

  function values({ second, nowSeconds, failTimeout, isCovered }: WindowView): AlertValues {
    const count = (from: number, to: number) => seconds.sum('unaccounted', second, from, to);
    const isSeen = count(0, nowSeconds - 1) > 0 && count(10, oldestBefore(failTimeout)) > 0;
    const lately = count(0, 59);
    return { unaccounted_sustained: latch(isSeen, lately > 0) ? lately : 0, uncovered: isCovered ? 0 : 1 };
  }

  return {
    seconds,
    add: (event, second, count = 1) => seconds.add(event, second, count),
    values,
    replay(view) {
      for (let age = replayed; age > 0; age--) values({ ...view, second: view.second - age });
    },
    timesOut: ({ second, nowSeconds }) =>
      seconds.sum('timed_out', second, 0, nowSeconds - 1) > 0 && seconds.sum('timed_out', second, 10, 119) > 0,
  };
}
