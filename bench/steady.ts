/** The plugin, and as a measure a bare tail, while a log grows at a steady rate; CPU and memory from /proc. */
import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { sleep } from '../test/support/wait.ts';
import { lines } from './generate.ts';

export interface Load {
  /** Share of one core. */
  readonly cpu: number;
  readonly residentMb: number;
}

const ticksPerSecond = 100;
/** Before the measuring begins: Node compiles what is hot, and of a tick's code only once a second. */
const warmUpSeconds = 30;
/** The log grows in bursts, as a buffered log does. */
const burstsPerSecond = 10;

/** Clock ticks of user and system time (proc(5): fields 14 and 15 of stat, counted from behind the name). */
function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function residentMb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

function start(args: readonly string[]) {
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdout.resume();
  if (child.pid === undefined) throw new Error(`cannot start ${args.join(' ')}`);
  return { pid: child.pid, stop: () => child.kill('SIGTERM') };
}

/** Resident memory of a Node that does nothing but tick, MB. */
export async function nodeFloor(): Promise<number> {
  const idle = start([process.argv[1] ?? '', 'idle']);
  await sleep(3000);
  const floor = residentMb(idle.pid);
  idle.stop();
  return floor;
}

export async function steady(
  dir: string,
  format: string,
  rate: number,
  seconds: number,
): Promise<{ readonly ours: Load; readonly bareTail: Load }> {
  const folder = join(dir, String(rate));
  mkdirSync(folder);
  const [access, error, conf] = ['access.log', 'error.log', 'nginx-upstream.conf'].map((name) => join(folder, name));
  if (!access || !error || !conf) throw new Error('three names');
  writeFileSync(access, '');
  writeFileSync(error, '');
  writeFileSync(
    conf,
    `jobs:\n  - name: bench\n    error_log: ${error}\n    access_log:\n      - path: ${access}\n        format: '${format}'\n`,
  );
  const burst = lines(rate / burstsPerSecond);
  const plugin = start([resolve('dist/nginx-upstream.plugin'), '1', '--config', conf]);
  const tail = start([process.argv[1] ?? '', 'tail', access]);
  const feed = setInterval(() => appendFileSync(access, burst), 1000 / burstsPerSecond);
  try {
    await sleep(warmUpSeconds * 1000);
    const before = [ticksOf(plugin.pid), ticksOf(tail.pid)];
    const began = performance.now();
    await sleep(seconds * 1000);
    const passed = (performance.now() - began) / 1000;
    const load = (pid: number, i: number): Load => ({
      cpu: (ticksOf(pid) - (before[i] ?? 0)) / ticksPerSecond / passed,
      residentMb: residentMb(pid),
    });
    return { ours: load(plugin.pid, 0), bareTail: load(tail.pid, 1) };
  } finally {
    clearInterval(feed);
    plugin.stop();
    tail.stop();
  }
}
