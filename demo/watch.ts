/** Prints what Netdata shows: a dimension that has moved, an alert that was raised. Read from its API each second. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chart, Netdata } from './netdata.ts';
import type { Look } from './story.ts';
import type { Terminal } from './terminal.ts';

export interface Watch {
  /** From now on these are looked for; those of the scene before no longer. */
  look(looks: readonly Look[]): void;
  stop(): void;
}

interface Wanted {
  readonly looks: Set<Look>;
  /** Seconds since the epoch. */
  readonly since: number;
  readonly began: number;
}

export function startWatch(netdata: Netdata, terminal: Terminal): Watch {
  const stopping = new AbortController();
  const statuses = new Map<string, string>();
  let wanted = startOf([]);

  async function tellAlerts(charts: readonly Chart[]): Promise<void> {
    for (const alarm of await netdata.alarms()) {
      const key = `${alarm.chart} ${alarm.name}`;
      const before = statuses.get(key) ?? 'CLEAR';
      const isRaised = alarm.status === 'WARNING' || alarm.status === 'CRITICAL';
      const status = isRaised ? alarm.status : 'CLEAR';
      statuses.set(key, status);
      if (status === before) continue;
      const where = placeOf(charts.find(({ id }) => id === alarm.chart));
      if (isRaised) {
        const style = alarm.status === 'CRITICAL' ? 'red' : 'yellow';
        terminal.event(
          `${terminal.paint(style, `alert ${alarm.status}`)} ${alarm.name}, ${where} (${alarm.value_string})`,
        );
      } else terminal.event(`${terminal.paint('green', 'alert cleared')} ${alarm.name}, ${where}`);
    }
  }

  async function tellCharts(charts: readonly Chart[]): Promise<void> {
    const { looks, since, began } = wanted;
    for (const look of looks) {
      const chart = charts.find((one) => isOf(one, look));
      if (!chart) continue;
      const value = await netdata.highest(chart.id, look.dimension, since);
      if (value === null || value <= (look.above ?? 0) || !looks.delete(look) || stopping.signal.aborted) continue;
      const seconds = Math.round((performance.now() - began) / 1_000);
      const shown = `${look.dimension} ${Number(value.toFixed(1))} ${chart.units}`;
      terminal.event(
        `on the chart after ${seconds} s: ${terminal.paint('bold', look.chart)}, ${placeOf(chart)}: ${shown}`,
      );
      terminal.detail(terminal.paint('cyan', anchor(netdata.url, chart)));
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const charts = await netdata.charts();
        await tellCharts(charts);
        await tellAlerts(charts);
      } catch {
        // It did not answer in time, or is about to end; the next second asks again.
      }
      await sleep(1_000, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }
  void run();
  return {
    look: (looks) => {
      wanted = startOf(looks);
    },
    stop: () => stopping.abort(),
  };
}

function startOf(looks: readonly Look[]): Wanted {
  return { looks: new Set(looks), since: Math.floor(Date.now() / 1_000), began: performance.now() };
}

function isOf(chart: Chart, look: Look): boolean {
  const { upstream, peer } = chart.chart_labels;
  return chart.context === `nginx_upstream.${look.chart}` && upstream === look.upstream && peer === look.peer;
}

function placeOf(chart: Chart | undefined): string {
  const { upstream, peer } = chart?.chart_labels ?? {};
  if (peer !== undefined) return `peer ${peer} of ${upstream}`;
  return upstream === undefined ? 'nginx' : `upstream ${upstream}`;
}

/** The place of a chart's family on the dashboard of 1.37 (its name2id). */
export function anchor(url: string, { type, family }: Pick<Chart, 'type' | 'family'>): string {
  return `${url}/#menu_${type}_submenu_${family.replace(/[ :().[\]/]/g, '_')}`;
}
