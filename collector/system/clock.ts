/** Time as the plugin sees it. Injected everywhere, so that no test sleeps. */
export interface Clock {
  /** Wall clock, milliseconds since 1970: it may jump. */
  wallMs(): number;
  /** Monotonic, microseconds since an arbitrary moment: intervals are measured with it. */
  monotonicUs(): number;
  /** Resolves after this time, or at once when `wake` is aborted. */
  sleep(ms: number, wake: AbortSignal): Promise<void>;
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

/** How long to sleep until the next whole multiple of `everyMs` on the wall clock: Netdata stores by whole seconds. */
export function untilNextTick(wallMs: number, everyMs: number): number {
  return everyMs - (((wallMs % everyMs) + everyMs) % everyMs);
}
