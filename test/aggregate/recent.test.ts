import { expect, test } from 'vitest';
import { createRecent } from '../../collector/aggregate/failures/recent.ts';

test('growth within the last minute and the one before, tick by tick, against a plain list', () => {
  const recent = createRecent();
  const totals: number[] = [];
  for (let second = 0; second <= 400; second++) {
    const total = (totals.at(-1) ?? 0) + (second % 7 === 0 && second < 150 ? second % 5 : 0);
    totals.push(total);
    const at = (index: number) => totals[Math.max(0, index)] ?? 0;
    expect(recent(second * 1e6, total)).toEqual({
      lastMinute: total - at(second - 60),
      minuteBefore: at(second - 60) - at(second - 120),
    });
  }
});
