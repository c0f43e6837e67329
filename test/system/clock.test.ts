import { describe, expect, test } from 'vitest';
import { systemClock, untilNextTick } from '../../collector/system/clock.ts';

describe('the next tick', () => {
  test.each([
    ['just after a tick', 10.2, 1_000, 1_000],
    ['a timer that fired half a millisecond early makes no second tick of it', 1_009.5, 1_000, 1],
    ['exactly on it', 1_010, 1_000, 1_000],
    ['just before the full second', 999, 1_000, 11],
    ['every ten seconds', 1_763_796_003_510, 10_000, 6_500],
    ['a clock before 1970', -1, 1_000, 11],
  ])('%s', (_name, wallMs, everyMs, expected) => {
    expect(untilNextTick(wallMs, everyMs)).toBe(expected);
  });
});

test('sleep ends at once when woken, also when woken before', async () => {
  const wake = new AbortController();
  const asleep = systemClock.sleep(60_000, wake.signal);
  wake.abort();
  await asleep;
  await systemClock.sleep(60_000, wake.signal);
  expect(wake.signal.aborted).toBe(true);
});
