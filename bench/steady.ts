/** The plugin where little or nothing happens, and while an access log grows at a steady rate. */
import { appendFileSync, closeSync, openSync, writeSync } from 'node:fs';
import { sleep } from '../test/support/wait.ts';
import { lines } from './generate.ts';
import { cpuMs, residentMb, startPlugin, until } from './process.ts';

export interface Load {
  /** Percent of a core. */
  readonly cpu: number;
  readonly residentMb: number;
  /** CPU and values of one tick. */
  readonly tickMs: number;
  readonly tickValues: number;
}

/** Node compiles what is hot, and of a tick's code only once a second: a minute passes before anything is measured. */
export const warmUpSeconds = 60;
/** The log grows in bursts, as a buffered log does. */
const burstsPerSecond = 10;

/** @param rate access lines per second @param isIdle without a job */
export async function steady(
  folder: string,
  rate: number,
  seconds: number,
  { isIdle = false, plugin: file = undefined as string | undefined } = {},
): Promise<Load> {
  const plugin = startPlugin(folder, { isIdle, ...(file === undefined ? {} : { plugin: file }) });
  const burst = rate === 0 ? '' : lines(rate / burstsPerSecond);
  const feed = setInterval(() => appendFileSync(plugin.access, burst), 1000 / burstsPerSecond);
  try {
    await sleep(warmUpSeconds * 1000);
    const before = { ms: cpuMs(plugin.pid), values: plugin.values(), ticks: plugin.ticks().all };
    const began = performance.now();
    await sleep(seconds * 1000);
    const ms = cpuMs(plugin.pid) - before.ms;
    const ticks = Math.max(1, plugin.ticks().all - before.ticks);
    return {
      cpu: (100 * ms) / (performance.now() - began),
      residentMb: residentMb(plugin.pid),
      tickMs: ms / ticks,
      tickValues: (plugin.values() - before.values) / ticks,
    };
  } finally {
    clearInterval(feed);
    plugin.stop();
  }
}

/** Seconds until the first tick where the error log has 5 GB already. */
export async function startOnLargeLog(folder: string): Promise<number> {
  const large = startPlugin(folder, { isIdle: true });
  large.stop();
  for (const log of [large.error, large.access]) {
    const fd = openSync(log, 'w');
    // A hole in front: nothing of it may be read.
    writeSync(fd, '\n', 5e9);
    closeSync(fd);
  }
  const began = performance.now();
  const plugin = startPlugin(folder);
  try {
    await until(() => plugin.ticks().all > 0, 60, 'the first tick');
    return (performance.now() - began) / 1000;
  } finally {
    plugin.stop();
  }
}
