/**
 * For tests of the alerts: what becomes of each over time.
 *
 *   const netdata = await startNetdata({ health: 'alerts' });
 *   const watch = watchAlerts(netdata);
 *   const began = watch.now();
 *   await watch.raised('no_live', 'CRITICAL', { upstream: 'app' }, began);   // seconds since `began`
 *   watch.worst('clients_affected', { upstream: 'app' });                     // the worst status it ever had
 */
import type { Alarm, AlarmStatus, Netdata } from '../servers/netdata.ts';
import { atEnd } from '../temp.ts';
import { sleep, waitUntil } from '../wait.ts';

/** What an alert is on; all that are given must match. */
export interface On {
  readonly upstream?: string;
  readonly peer?: string;
  readonly job?: string;
}

export interface Change {
  /** Milliseconds of `watch.now()`. */
  readonly at: number;
  readonly name: string;
  readonly on: On;
  readonly status: AlarmStatus;
  readonly alarm: Alarm;
}

export interface Watch {
  now(): number;
  /** Waits until the alert has the status; gives the seconds since `since`, and the alarm. */
  raised(name: string, status: AlarmStatus, on: On, since: number, timeout?: number): Promise<Raised>;
  /** Waits until the alert is there and its chart holds so many seconds of data: its windows have a value then. */
  settled(name: string, on: On, age: number): Promise<void>;
  /** Everything that was seen of an alert, in order. */
  history(name: string, on?: On): readonly Change[];
  /** Raised alerts of these, by name: what must stay quiet has none. */
  raisedSince(on: On, since: number): readonly string[];
  /** Stops looking, for example while Netdata is restarted, and continues with another. */
  follow(netdata: Netdata): void;
}

export interface Raised {
  readonly seconds: number;
  readonly alarm: Alarm;
}

/**
 * The most seconds in which an alert that is due within so many is seen. Netdata runs at the lowest priority, so a busy
 * machine has made it late by ten. What a wrong rule costs is more: a window, a delay or a second look of a minute.
 */
export const latest = (within: number): number => within + 20;

const prefix = 'nginx_upstream_';
const isRaised = (status: AlarmStatus): boolean => status === 'WARNING' || status === 'CRITICAL';

/** Looks twice a second from now on until the test ends. */
export function watchAlerts(first: Netdata): Watch {
  let netdata: Netdata = first;
  const changes: Change[] = [];
  const last = new Map<string, AlarmStatus>();
  const labels = new Map<string, On>();
  let isOver = false;
  let seen: unknown = null;
  atEnd(() => {
    isOver = true;
  });
  const now = (): number => performance.now();
  const matches = (on: On, wanted: On): boolean =>
    (Object.keys(wanted) as (keyof On)[]).every((key) => wanted[key] === on[key]);

  async function look(): Promise<void> {
    const alarms = Object.entries(await netdata.alarms(true));
    if (alarms.some(([, { chart }]) => !labels.has(chart))) {
      for (const { id, chart_labels: of } of Object.values(await netdata.charts())) {
        const job = of['_collect_job'];
        labels.set(id, {
          ...(of['upstream'] === undefined ? {} : { upstream: of['upstream'] }),
          ...(of['peer'] === undefined ? {} : { peer: of['peer'] }),
          ...(job === undefined ? {} : { job }),
        });
      }
    }
    for (const [key, alarm] of alarms) {
      if (last.get(key) === alarm.status) continue;
      last.set(key, alarm.status);
      const name = alarm.name.slice(prefix.length);
      changes.push({ at: now(), name, on: labels.get(alarm.chart) ?? {}, status: alarm.status, alarm });
    }
  }

  void (async () => {
    while (!isOver) {
      await look().catch((error: unknown) => {
        seen = error;
      });
      await sleep(500);
    }
  })();

  const history: Watch['history'] = (name, on = {}) =>
    changes.filter((change) => change.name === name && matches(change.on, on));

  return {
    now,
    history,
    raised: (name, status, on, since, timeout = 60_000) =>
      waitUntil(
        () => {
          const change = history(name, on).find((each) => each.at >= since && each.status === status);
          return change && { seconds: Math.round((change.at - since) / 100) / 10, alarm: change.alarm };
        },
        {
          what: `${name} of ${JSON.stringify(on)} to be ${status}`,
          timeout,
          interval: 100,
          hint: () =>
            `${history(name, on).map(({ at, status: was }) => `${Math.round(at - since)} ms ${was}`)} ${seen}`,
        },
      ),
    settled: async (name, on, age) => {
      const what = `${name} of ${JSON.stringify(on)} on a chart of ${age} s`;
      const chart = await waitUntil(() => history(name, on).at(-1)?.alarm.chart, { what, timeout: 60_000 });
      const first = await waitUntil(async () => (await netdata.charts())[chart]?.first_entry, {
        what,
        timeout: 30_000,
      });
      await waitUntil(() => Date.now() / 1000 - first >= age, { what, timeout: (age + 10) * 1000, interval: 250 });
      const isCalm = () => !isRaised(history(name, on).at(-1)?.status ?? 'CLEAR');
      await waitUntil(isCalm, { what: `${name} of ${JSON.stringify(on)} to be calm`, timeout: 60_000, interval: 250 });
    },
    raisedSince: (on, since) => [
      ...new Set(
        changes
          .filter((change) => change.at >= since && matches(change.on, on) && isRaised(change.status))
          .map(({ name, status }) => `${name} ${status}`),
      ),
    ],
    follow(next) {
      netdata = next;
      last.clear();
    },
  };
}
