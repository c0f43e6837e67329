import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createReconciliation, explainDifference } from '../../collector/aggregate/failures/reconciliation.ts';

const second = 1_000_000;

/** One job, second by second; `shown`: the log_format shows attempts. */
function world() {
  const reconcile = createReconciliation();
  let at = 0;
  const totals = { errorLog: 0, accessLog: 0, truncated: 0 };
  return {
    totals,
    /** @returns the differences of the seconds that pass */
    pass(seconds: number, told: boolean, each: () => void = () => {}): (number | null)[] {
      return Array.from({ length: seconds }, () => {
        at += 1;
        each();
        return reconcile(at * second, { ...totals, isTold: told })?.difference ?? null;
      });
    },
  };
}

const distinct = (values: readonly (number | null)[]) => [...new Set(values)];

describe('a log_format that begins to show attempts', () => {
  test('what the error log counted before is no difference, then or ever', () => {
    const { totals, pass } = world();
    const fail = () => (totals.errorLog += 1);
    expect(distinct(pass(300, false, fail))).toEqual([null]);
    const both = () => {
      fail();
      totals.accessLog += 1;
    };
    expect(distinct(pass(400, true, both))).toEqual([0]);
  });

  test('requests that were under way at the reload are no difference', () => {
    const { totals, pass } = world();
    pass(60, false, () => (totals.errorLog += 10));
    totals.accessLog += 25;
    pass(1, true);
    expect(distinct(pass(60, true, () => (totals.accessLog += 1)))).toEqual([0]);
    expect(distinct(pass(300, true))).toEqual([0]);
  });

  test('a real difference is still found, once the grace has passed twice', () => {
    const { totals, pass } = world();
    pass(10, false, () => (totals.errorLog += 1));
    pass(100, true);
    const found = pass(200, true, () => (totals.errorLog += 1));
    expect(found.at(-1)).toBeLessThan(-100);
  });

  test('each time anew: shown, not shown for a while, shown again', () => {
    const { totals, pass } = world();
    const both = () => {
      totals.errorLog += 1;
      totals.accessLog += 1;
    };
    pass(100, true, both);
    pass(100, false, () => (totals.errorLog += 1));
    expect(distinct(pass(300, true, both))).toEqual([0]);
  });

  test('lines cut off before count for nothing after', () => {
    const { totals, pass } = world();
    pass(10, false, () => (totals.truncated += 5));
    pass(120, true);
    const reconcile = pass(100, true, () => (totals.accessLog += 1));
    expect(reconcile.at(-1)).toBeGreaterThan(0);
  });

  test('one that shows them from the start is compared from the start', () => {
    const { totals, pass } = world();
    const found = pass(100, true, () => (totals.errorLog += 1));
    expect(found.at(-1)).toBe(-10);
  });
});

test.each([
  [{ difference: -1, truncated: 0 }, 'access_log_lacks', /has 1 failed connects/],
  [{ difference: -74, truncated: 9 }, 'access_log_lacks', /has 74 failed connects/],
  [{ difference: 3, truncated: 3 }, 'error_log_cut', /^3 lines/],
  [{ difference: 5, truncated: 3 }, 'error_log_lacks', /has 2 \(besides 3/],
  [{ difference: 5, truncated: 0 }, 'error_log_lacks', /has 5 failed/],
] as const)('a difference is of a kind, whatever its count: %j', (of, kind, text) => {
  const found = explainDifference({ errorLog: 0, accessLog: 0, ...of });
  expect(found?.kind).toBe(kind);
  expect(found?.text).toMatch(text);
  expect(explainDifference({ errorLog: 1, accessLog: 1, difference: 0, truncated: 7 })).toBeNull();
});

test('totals that stand still need no memory of each second', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(40), fc.nat(2), fc.nat(2)), { maxLength: 80 }), (steps) => {
      const reconcile = createReconciliation();
      const history: { readonly at: number; readonly error: number; readonly access: number }[] = [];
      let [at, error, access] = [0, 0, 0];
      for (const [seconds, errors, accesses] of steps) {
        at += seconds;
        error += errors === 2 ? 3 : 0;
        access += accesses === 2 ? 3 : 0;
        history.push({ at, error, access });
        const settled = history.filter((each) => each.at <= at - 90).at(-1);
        const expected =
          settled === undefined ? 0 : Math.max(0, settled.access - error) - Math.max(0, settled.error - access);
        const totals = { errorLog: error, accessLog: access, truncated: 0, isTold: true };
        expect(reconcile(at * second, totals)?.difference).toBe(expected);
      }
    }),
  );
});
