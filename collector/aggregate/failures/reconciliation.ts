import type { Reconciliation } from '../../model.ts';

/** An attempt is logged when its request ends: the error log may be that much ahead. */
const graceUs = 90_000_000;

export interface ReconciliationTotals {
  readonly errorLog: number;
  readonly accessLog: number;
  readonly truncated: number;
  /** The access logs show attempts. */
  readonly isTold: boolean;
}

type Totals = Omit<ReconciliationTotals, 'isTold'>;

const zero: Totals = { errorLog: 0, accessLog: 0, truncated: 0 };

const isSame = (a: Totals | undefined, b: Totals): boolean =>
  a?.errorLog === b.errorLog && a.accessLog === b.accessLog && a.truncated === b.truncated;

function minus(a: Totals, b: Totals): Totals {
  return {
    errorLog: a.errorLog - b.errorLog,
    accessLog: a.accessLog - b.accessLog,
    truncated: a.truncated - b.truncated,
  };
}

/**
 * Compares running totals of failed connects. Either log may be ahead of the other by what happened within
 * the grace; what is older and still missing is a difference. Where the access logs begin to show attempts while this
 * runs, it begins anew: what the error log counted before has no counterpart, nor has what was under way at that moment,
 * so that the grace passes before anything is compared.
 *
 * @returns a function to be called once per tick with a monotonic time; it gives null while there is nothing to compare
 */
export function createReconciliation(): (nowUs: number, totals: ReconciliationTotals) => Reconciliation | null {
  /** Oldest first; the first is the newest that is at least as old as the grace. */
  let history: { readonly atUs: number; readonly totals: Totals }[] = [];
  /** null before the first check. */
  let wasTold: boolean | null = null;
  let base = zero;
  /** Until then the base moves along; null when it is settled. */
  let movingUntilUs: number | null = null;

  function difference(nowUs: number, now: Totals): number {
    // Totals that did not change are those of the moment when they were like this first.
    if (!isSame(history.at(-1)?.totals, now)) history.push({ atUs: nowUs, totals: now });
    const oldEnough = nowUs - graceUs;
    for (let next = history[1]; next !== undefined && next.atUs <= oldEnough; next = history[1]) history.shift();
    const [settled] = history;
    if (settled === undefined || settled.atUs > oldEnough) return 0;
    const missingInError = Math.max(0, settled.totals.accessLog - now.errorLog);
    const missingInAccess = Math.max(0, settled.totals.errorLog - now.accessLog);
    return missingInError - missingInAccess;
  }

  return (nowUs, { isTold, ...totals }) => {
    if (isTold && wasTold === false) movingUntilUs = nowUs + graceUs;
    wasTold = isTold;
    if (!isTold) {
      history = [];
      return null;
    }
    if (movingUntilUs !== null) {
      base = totals;
      history = [];
      if (nowUs >= movingUntilUs) movingUntilUs = null;
    }
    const now = minus(totals, base);
    return { ...now, difference: difference(nowUs, now) };
  };
}

/** Why the logs differ, in words for the operator, with the kind of difference; null when they agree. */
export function explainDifference({ difference, truncated }: Reconciliation): {
  readonly kind: 'access_log_lacks' | 'error_log_cut' | 'error_log_lacks';
  readonly text: string;
} | null {
  if (difference === 0) return null;
  const count = Math.abs(difference);
  if (difference < 0) {
    const text =
      `the error log has ${count} failed connects that the access log does not: requests are not logged (access_log off, ` +
      'if=, another file), are subrequests (auth_request, mirror), or were under way when the plugin started';
    return { kind: 'access_log_lacks', text };
  }
  if (truncated >= count) {
    const text = `${count} lines of the error log were cut off before their upstream (nginx cuts at 2,048 bytes)`;
    return { kind: 'error_log_cut', text };
  }
  const rest = truncated === 0 ? `${count}` : `${count - truncated} (besides ${truncated} that nginx cut off)`;
  const text =
    `the access log has ${rest} failed connects that the error log does not: its level is above error ` +
    '(error_log FILE crit), or a server or location logs its errors to another file';
  return { kind: 'error_log_lacks', text };
}
