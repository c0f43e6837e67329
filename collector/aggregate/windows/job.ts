import type { AlertValues, JobSnapshot } from '../../model.ts';
import { createSeconds } from '../time/seconds.ts';
import { createSlidingAverage } from '../time/sliding-average.ts';

export interface JobWindow {
  /** To be called once per tick with everything that was measured. */
  values(snapshot: JobSnapshot, second: number, nginxDown: number): AlertValues;
  /** 5xx of all clients, in the last minute and in the one before. */
  serverErrors(second: number): { readonly lastMinute: number; readonly minuteBefore: number };
}

/** What a share was before the plugin started: as high as can be, so that it does not look like a rise. */
const untold = 100;
/** So long a state must have lasted. */
const sustained = 30;

const events = ['server_errors', 'worker_connections', 'no_files', 'dropped', 'lines', 'unmatched'] as const;
type Event = (typeof events)[number];

export function createJobWindow(): JobWindow {
  const seconds = createSeconds(events);
  const totals = new Map<Event, number>();
  const connectionsUsed = createSlidingAverage(60);
  const descriptorsUsed = createSlidingAverage(60);
  const writing = createSlidingAverage(720);
  const active = createSlidingAverage(60);
  const since = new Map<'sources' | 'workers', number>();

  /** Running totals become events of this second; what was there before the first reading is of no second. */
  function grow(event: Event, second: number, total: number | null | undefined): void {
    if (typeof total !== 'number') return;
    const before = totals.get(event) ?? total;
    totals.set(event, total);
    if (total > before) seconds.add(event, second, total - before);
  }

  function lasts(what: 'sources' | 'workers', isSo: boolean, second: number): number {
    if (!isSo) {
      since.delete(what);
      return 0;
    }
    const began = since.get(what) ?? second;
    since.set(what, began);
    return second - began >= sustained ? 1 : 0;
  }

  function record(snapshot: JobSnapshot, second: number): void {
    const { requests, connectFailures, connections, lines } = snapshot;
    grow(
      'server_errors',
      second,
      requests && requests.status_502 + requests.status_503 + requests.status_504 + requests.other_5xx,
    );
    grow('worker_connections', second, connectFailures?.worker_connections);
    grow('no_files', second, connectFailures?.no_files);
    grow('dropped', second, connections?.dropped);
    grow('lines', second, lines.read);
    grow('unmatched', second, lines.unmatched);
    connectionsUsed.record(second, snapshot.workerConnectionsUsed);
    descriptorsUsed.record(second, snapshot.descriptorsUsed);
    // Both counts have the request that asked for them: on an idle server it would be all that waits.
    const clients = connections && Math.max(0, connections.active - 1);
    const waiting = connections && Math.max(0, connections.writing - 1);
    active.record(second, clients);
    if (typeof clients === 'number' && typeof waiting === 'number')
      writing.record(second, clients === 0 ? 0 : Math.min(100, (100 * waiting) / clients));
  }

  const rounded = (value: number | null): number => Math.round((value ?? 0) * 10) / 10;

  return {
    values(snapshot, second, nginxDown) {
      record(snapshot, second);
      const { workers, sources, upstreams } = snapshot;
      const missing = workers && workers.running > 0 ? Math.max(0, (workers.configured ?? 0) - workers.running) : 0;
      return {
        worker_connections_1m: seconds.sum('worker_connections', second, 0, 59),
        no_files_1m: seconds.sum('no_files', second, 0, 59),
        connections_used: rounded(connectionsUsed.average(second, 0, 59)),
        descriptors_used: rounded(descriptorsUsed.average(second, 0, 59)),
        dropped_now: seconds.sum('dropped', second, 0, 29),
        dropped_before: seconds.sum('dropped', second, 30, 89),
        dropped_1m: seconds.sum('dropped', second, 0, 59),
        writing_share: rounded(writing.average(second, 0, 59)),
        writing_share_before: rounded(writing.average(second, 60, 659) ?? untold),
        active: rounded(active.average(second, 0, 59)),
        failing_upstreams: upstreams.filter(({ alerts }) => (alerts?.['client_errors_1m'] ?? 0) > 0).length,
        workers_missing: lasts('workers', missing > 0, second) * missing,
        nginx_down: nginxDown,
        sources_failing: lasts('sources', sources.failing > 0, second),
        // A share is asked for only where lines do not match: it changes every second.
        lines_1m: seconds.sum('unmatched', second, 0, 59) > 0 ? seconds.sum('lines', second, 0, 59) : 0,
        unmatched_1m: seconds.sum('unmatched', second, 0, 59),
      };
    },
    serverErrors: (second) => ({
      lastMinute: seconds.sum('server_errors', second, 0, 59),
      minuteBefore: seconds.sum('server_errors', second, 60, 119),
    }),
  };
}
