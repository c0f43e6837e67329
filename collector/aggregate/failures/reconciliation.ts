import type { Reconciliation } from '../../model.ts';

/** An attempt is logged when its request ends: the error log may be that much ahead (design: measure 4). */
const graceUs = 90_000_000;

export interface ReconciliationTotals {
  readonly errorLog: number;
  readonly accessLog: number;
  readonly truncated: number;
}

/**
 * Measure 4: compares running totals of failed connects. Either log may be ahead of the other by what happened within
 * the grace; what is older and still missing is a difference.
 *
 * @returns a function to be called once per tick with a monotonic time
 */
export function createReconciliation(): (nowUs: number, totals: ReconciliationTotals) => Reconciliation {
  /** Oldest first; the first is the newest that is at least as old as the grace. */
  let history: { readonly atUs: number; readonly errorLog: number; readonly accessLog: number }[] = [];

  return (nowUs, { errorLog, accessLog, truncated }) => {
    history.push({ atUs: nowUs, errorLog, accessLog });
    const recent = history.findIndex(({ atUs }) => atUs > nowUs - graceUs);
    history = history.slice(Math.max(0, recent - 1));
    const settled = history[0];
    const isSettled = settled !== undefined && settled.atUs <= nowUs - graceUs;
    const missingInError = isSettled ? Math.max(0, settled.accessLog - errorLog) : 0;
    const missingInAccess = isSettled ? Math.max(0, settled.errorLog - accessLog) : 0;
    return { errorLog, accessLog, difference: missingInError - missingInAccess, truncated };
  };
}

/** Why the logs differ, in words for the operator; null when they agree. */
export function explainDifference({ difference, truncated }: Reconciliation): string | null {
  if (difference === 0) return null;
  const count = Math.abs(difference);
  if (difference < 0) {
    return (
      `the error log has ${count} failed connects that the access log does not: requests are not logged (access_log off, ` +
      'if=, another file), are subrequests (auth_request, mirror), or were under way when the plugin started'
    );
  }
  if (truncated >= count)
    return `${count} lines of the error log were cut off before their upstream (nginx cuts at 2,048 bytes)`;
  const rest = truncated === 0 ? `${count}` : `${count - truncated} (besides ${truncated} that nginx cut off)`;
  return (
    `the access log has ${rest} failed connects that the error log does not: its level is above error ` +
    '(error_log FILE crit), or a server or location logs its errors to another file'
  );
}
