import { expect, test, vi } from 'vitest';
import { once } from '../../collector/base/once.ts';

test.each([7, 0, '', null, undefined])('%j is worked out when it is first asked for, and not again', (value) => {
  const work = vi.fn(() => value);
  const found = once(work);
  expect(work).not.toHaveBeenCalled();
  expect([found(), found()]).toEqual([value, value]);
  expect(work).toHaveBeenCalledOnce();
});
