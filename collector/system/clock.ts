/** Time as the plugin sees it. Injected everywhere, so that no test sleeps. */
import { twoDigits } from '../base/text.ts';
export interface Clock {
  /** Wall clock, milliseconds since 1970: it may jump. */
  wallMs(): number;
  /** Monotonic, microseconds since an arbitrary moment: intervals are measured with it. */
  monotonicUs(): number;
  /** Resolves after this time, or at once when `wake` is aborted. */
  sleep(ms: number, wake: AbortSignal): Promise<void>;
}

/** `12:03:04` on this host's clock, for people; with the day when it is another than that of `nowMs`. */
export function localTime(ms: number, nowMs: number): string {
  const [at, now] = [new Date(ms), new Date(nowMs)];
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(':');
  if (at.toDateString() === now.toDateString()) return time;
  return `${at.getFullYear()}-${twoDigits(at.getMonth() + 1)}-${twoDigits(at.getDate())} ${time}`;
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicUs: () => Number(process.hrtime.bigint() / 1000n),
  sleep: (ms, wake) =>
    new Promise((resolve) => {
      if (wake.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        wake.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      wake.addEventListener('abort', done);
    }),
};

/**
 * A tick comes shortly after the full second. Netdata stores by full seconds, and what it has of an unfinished second
 * is lost when a gap or a restart follows (measured on 1.37.1: 2 % of a tick at 20 ms, half of it at 500 ms).
 */
const phaseMs = 10;

/** Full milliseconds to sleep until the next tick of `everyMs` on the wall clock. */
export function untilNextTick(wallMs: number, everyMs: number): number {
  const since = (wallMs - phaseMs) % everyMs;
  // Rounded up: a timer that fires early would make two ticks of one.
  return Math.ceil(everyMs - (since < 0 ? since + everyMs : since));
}
