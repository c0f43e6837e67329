import { expect, test } from 'vitest';
import { createPace } from '../../collector/aggregate/pace.ts';

const second = 1_000_000;

test('what is cheap is due at every tick', () => {
  const pace = createPace({ share: 0.005, longestUs: 60 * second });
  for (let tick = 0; tick < 5; tick++) {
    expect(pace.isDue(tick * second)).toBe(true);
    pace.spent(tick * second, 500);
  }
});

test('what is dear comes as often as its share allows', () => {
  const pace = createPace({ share: 0.005, longestUs: 60 * second });
  pace.spent(-second, 900_000);
  expect(pace.isDue(0)).toBe(true);
  pace.spent(0, 50_000);
  expect(pace.isDue(9 * second)).toBe(false);
  expect(pace.isDue(10 * second)).toBe(true);
});

test('one expensive reading among cheap ones changes nothing, two do', () => {
  const pace = createPace({ share: 0.005, longestUs: 60 * second });
  pace.spent(0, 1_000);
  pace.spent(second, 90_000);
  expect(pace.isDue(2 * second)).toBe(true);
  pace.spent(2 * second, 90_000);
  expect(pace.isDue(19 * second)).toBe(false);
});

test('it never stops altogether', () => {
  const pace = createPace({ share: 0.005, longestUs: 60 * second });
  pace.spent(-20 * second, 10 * second);
  pace.spent(0, 10 * second);
  expect(pace.isDue(59 * second)).toBe(false);
  expect(pace.isDue(60 * second)).toBe(true);
});
