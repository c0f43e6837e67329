import { sumOf } from '../../base/collections.ts';
import type { ConnectionsSnapshot, StubStatus } from '../../model.ts';

export interface Connections {
  /**
   * @param pages what each server answered, always in the same order; null where one did not answer
   * @returns the sum of all servers; null, a gap, when one is missing: the sum of the others would be a wrong number
   */
  record(pages: readonly (StubStatus | null)[]): ConnectionsSnapshot | null;
}

/** The counters of one nginx, as they were last seen. */
interface Mark {
  readonly accepts: number;
  readonly handled: number;
  readonly requests: number;
  /** How much of accepts − handled has been counted as dropped, or was there before the plugin. */
  readonly dropped: number;
}

/**
 * stub_status as gauges and running totals since the plugin began.
 *
 * nginx's counters begin anew when it is restarted; then nothing is counted in this step, neither a fall nor the new
 * start. During a binary upgrade the old and the new nginx answer by turns, each with its own counters: the last two
 * marks are kept, and an answer is compared with the nearest one it can have grown from.
 *
 * What happened during a gap is not drawn afterwards as if it had happened in one second, with one exception: clients
 * that were turned away. nginx out of worker_connections does not answer stub_status either, so that is when they are.
 */
export function createConnections(): Connections {
  const marks: Mark[][] = [];
  const total = { accepted: 0, handled: 0, dropped: 0, requests: 0 };
  let isAfterGap = false;

  function grow(server: number, page: StubStatus): void {
    const known = marks[server] ?? [];
    const before = known.filter((mark) => isGrownFrom(page, mark)).sort((a, b) => b.accepts - a.accepts)[0];
    const others = known.filter((mark) => mark !== before).slice(0, 1);
    const { accepts, handled, requests } = page;
    const dropped =
      before === undefined ? accepts - handled : Math.max(before.dropped, lastingDifference(before, page));
    marks[server] = [{ accepts, handled, requests, dropped }, ...others];
    if (before === undefined) return;
    total.dropped += dropped - before.dropped;
    if (isAfterGap) return;
    total.accepted += page.accepts - before.accepts;
    total.handled += page.handled - before.handled;
    total.requests += page.requests - before.requests;
  }

  return {
    record(pages) {
      const answered = pages.filter((page) => page !== null);
      if (answered.length < pages.length || pages.length === 0) {
        isAfterGap = true;
        return null;
      }
      for (const [server, page] of answered.entries()) grow(server, page);
      isAfterGap = false;
      const sum = (gauge: 'active' | 'reading' | 'writing' | 'waiting') => sumOf(answered, (page) => page[gauge]);
      return {
        active: sum('active'),
        reading: sum('reading'),
        writing: sum('writing'),
        waiting: sum('waiting'),
        ...total,
      };
    },
  };
}

/**
 * A worker counts a connection as accepted, and a moment later as handled; a page written between the two shows one too
 * few as handled. Only what two pages in a row have is a connection that was dropped.
 */
function lastingDifference(before: Mark, page: StubStatus): number {
  return Math.min(page.accepts - page.handled, before.accepts - before.handled);
}

function isGrownFrom(page: StubStatus, mark: Mark): boolean {
  return page.accepts >= mark.accepts && page.handled >= mark.handled && page.requests >= mark.requests;
}
