/** An outage: error lines by the ten thousand, in the plugin and in `report`, against what one would type oneself. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../test/support/run.ts';
import { sleep } from '../test/support/wait.ts';
import { errorLines, localStamp } from './errors.ts';
import { builtPlugin, cpuMs, cpuOf, type Plugin, residentMb, startPlugin, until } from './process.ts';

export interface Storm {
  /** What was written, and what the charts say. */
  readonly lines: number;
  readonly counted: number;
  /** Of its CPU, that of a tick without lines taken off. */
  readonly usPerLine: number;
  readonly corePercent: number;
  readonly ticks: number;
  readonly late: number;
  readonly residentMb: number;
}

const settleSeconds = 20;

async function begin(folder: string, plugin?: string): Promise<{ plugin: Plugin; quietMs: number }> {
  const started = startPlugin(folder, plugin === undefined ? {} : { plugin });
  await until(() => started.ticks().all > 3, 60, 'the first ticks');
  await sleep(settleSeconds * 500);
  const [before, ticks] = [cpuMs(started.pid), started.ticks().all];
  await sleep(settleSeconds * 500);
  return { plugin: started, quietMs: (cpuMs(started.pid) - before) / Math.max(1, started.ticks().all - ticks) };
}

async function measure(
  { plugin, quietMs }: Awaited<ReturnType<typeof begin>>,
  lines: number,
  write: () => Promise<void>,
): Promise<Storm> {
  const [before, { all, late }, began] = [cpuMs(plugin.pid), plugin.ticks(), performance.now()];
  try {
    await write();
    await until(() => plugin.last('log_lines', 'read') >= lines, 120, 'every line is read');
    await sleep(1500);
    const now = plugin.ticks();
    const ms = cpuMs(plugin.pid) - before;
    return {
      lines,
      counted: plugin.last('connect_failures', 'refused'),
      usPerLine: (1000 * (ms - quietMs * (now.all - all))) / lines,
      corePercent: (100 * ms) / (performance.now() - began),
      ticks: now.all - all,
      late: now.late - late,
      residentMb: residentMb(plugin.pid, 'VmHWM'),
    };
  } finally {
    plugin.stop();
  }
}

/** All of them are there from one tick to the next. They are made beforehand and written by another process: who writes cannot see when a tick comes. */
export async function stormAtOnce(folder: string, lines: number, plugin?: string): Promise<Storm> {
  const begun = await begin(folder, plugin);
  const whole = join(folder, 'storm');
  const stamp = localStamp(new Date());
  writeFileSync(whole, '');
  for (let written = 0, seed = 1; written < lines; written += 50_000, seed++) {
    appendFileSync(whole, errorLines(Math.min(50_000, lines - written), stamp, seed, true).text);
  }
  // The ticks that came meanwhile are read before time is taken.
  await sleep(2000);
  return measure(begun, lines, async () => {
    await run('bash', ['-c', 'cat "$1" >> "$2"', 'cat', whole, begun.plugin.error]);
  });
}

/** So many a second, in bursts, as workers write them. */
export async function stormFor(folder: string, rate: number, seconds: number, plugin?: string): Promise<Storm> {
  const begun = await begin(folder, plugin);
  const bursts = 10;
  const texts = Array.from(
    { length: 20 },
    (_, i) => errorLines(rate / bursts, '2026/01/01 00:00:00', i + 1, true).text,
  );
  return measure(begun, rate * seconds, async () => {
    const began = performance.now();
    for (let i = 0; i < seconds * bursts; i++) {
      const text = texts[i % texts.length] ?? '';
      appendFileSync(begun.plugin.error, text.replaceAll('2026/01/01 00:00:00', localStamp(new Date())));
      await sleep(Math.max(0, began + ((i + 1) * 1000) / bursts - performance.now()));
    }
  });
}

/** What an operator types. */
const byHand = `grep 'connect() failed (111' "$1" | grep -oP 'upstream: "[a-z]+://\\K[^/"]+' | sort | uniq -c | sort -rn`;

export interface PastStorm {
  readonly report: number;
  readonly grep: number;
}

/** `report` over error lines, and by hand: microseconds a line, each once, by turns. */
export function writeStorm(dir: string, lines: number): string {
  const file = join(dir, 'storm.log');
  writeFileSync(file, '');
  for (let i = 0; i < lines; i += 50_000) {
    const minute = String(Math.floor(i / 50_000) % 60).padStart(2, '0');
    appendFileSync(file, errorLines(Math.min(50_000, lines - i), `2026/11/22 07:${minute}:00`, i + 1).text);
  }
  return file;
}

export async function pastStorm(file: string, lines: number): Promise<PastStorm> {
  const report = await cpuOf(process.execPath, [builtPlugin, 'report', '--json', file]);
  const grep = await cpuOf('bash', ['-c', byHand, 'grep', file]);
  return { report: report / lines, grep: grep / lines };
}

/** One storm at once, of this plugin or of another build of it. */
export async function reportStorm(lines: number, plugin?: string): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'nginx-upstream-bench-'));
  try {
    return `${JSON.stringify(await stormAtOnce(dir, lines, plugin))}\n`;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
