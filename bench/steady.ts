/** The plugin where little or nothing happens, and while an access log grows at a steady rate. */
import { appendFileSync, closeSync, openSync, truncateSync, writeSync } from 'node:fs';
import { sleep } from '../test/support/wait.ts';
import { lines } from './generate.ts';
import { builtPlugin, cpuMs, residentMb, startPlugin, until } from './process.ts';

export interface Load {
  /** Percent of a core. */
  readonly cpu: number;
  readonly residentMb: number;
  /** CPU and values of one tick. */
  readonly tickMs: number;
  readonly tickValues: number;
  /** Percent of a core in the time before: start and warm-up. */
  readonly firstMinute: number;
  /** From the start on. */
  readonly ticks: number;
  readonly late: number;
}

/** Node compiles what is hot, and of a tick's code only once a second: a minute passes before anything is measured. */
export const warmUpSeconds = 60;
/** The log grows in bursts, as a buffered log does. */
const burstsPerSecond = 10;

interface Setting {
  /** Without a job. */
  readonly isIdle?: boolean;
  /** The built file. */
  readonly file?: string;
}

/** The plugin at work while its access log grows. */
function underLoad(folder: string, rate: number, { isIdle = false, file = builtPlugin }: Setting = {}) {
  const plugin = startPlugin(folder, { isIdle, plugin: file });
  const burst = rate === 0 ? '' : lines(rate / burstsPerSecond);
  const feed = rate === 0 ? undefined : setInterval(() => appendFileSync(plugin.access, burst), 1000 / burstsPerSecond);
  return {
    plugin,
    stop() {
      clearInterval(feed);
      plugin.stop();
    },
  };
}

/** @param rate access lines per second */
export async function steady(folder: string, rate: number, seconds: number, setting: Setting = {}): Promise<Load> {
  const { plugin, stop } = underLoad(folder, rate, setting);
  // What it says of itself is exact; /proc has hundredths of a second.
  const spentMs = () => (setting.isIdle === true ? cpuMs(plugin.pid) : plugin.last('plugin_load', 'cpu') / 1000);
  try {
    await sleep(warmUpSeconds * 1000);
    const before = { ms: spentMs(), values: plugin.values(), ticks: plugin.ticks().all };
    const began = performance.now();
    await sleep(seconds * 1000);
    const ms = spentMs() - before.ms;
    const { all, late } = plugin.ticks();
    const ticks = Math.max(1, all - before.ticks);
    return {
      cpu: (100 * ms) / (performance.now() - began),
      residentMb: residentMb(plugin.pid),
      tickMs: ms / ticks,
      tickValues: (plugin.values() - before.values) / ticks,
      firstMinute: before.ms / warmUpSeconds / 10,
      ticks: all,
      late,
    };
  } finally {
    stop();
  }
}

/** Resident memory once a minute, under the same load. */
export async function residentOverTime(folder: string, rate: number, minutes: number) {
  const { plugin, stop } = underLoad(folder, rate);
  const found: number[] = [];
  try {
    for (let minute = 0; minute < minutes; minute++) {
      await sleep(60_000);
      found.push(residentMb(plugin.pid));
      // What was read is not needed any more: an hour of it would fill the disk. The plugin begins anew, as after copytruncate.
      if (minute % 10 === 9) truncateSync(plugin.access);
    }
    const { all, late } = plugin.ticks();
    return { residentMb: found, ticks: all, late };
  } finally {
    stop();
  }
}

/** Until the first tick where both logs have 5 GB already. */
export async function startOnLargeLog(folder: string, file = builtPlugin) {
  const large = startPlugin(folder, { isIdle: true });
  large.stop();
  for (const log of [large.error, large.access]) {
    const fd = openSync(log, 'w');
    // A hole in front: nothing of it may be read.
    writeSync(fd, '\n', 5e9);
    closeSync(fd);
  }
  const began = performance.now();
  const plugin = startPlugin(folder, { plugin: file });
  try {
    await until(() => plugin.ticks().all > 0, 60, 'the first tick');
    const seconds = (performance.now() - began) / 1000;
    return { seconds, cpuMs: cpuMs(plugin.pid), linesRead: plugin.last('log_lines', 'read') };
  } finally {
    plugin.stop();
  }
}
