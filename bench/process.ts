/** The built plugin at work, and what /proc says of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { run } from '../test/support/run.ts';
import { sleep } from '../test/support/wait.ts';
import { nginxConf } from './errors.ts';
import { format } from './generate.ts';

/** As `npm run build` makes it. */
export const builtPlugin = resolve('dist/nginx-upstream.plugin');

/** User and system time of a process, milliseconds (proc(5): fields 14 and 15 of stat, counted from behind the name). */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** User and system time of a complete program, microseconds. */
export async function cpuOf(
  path: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  const script = 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>&1';
  const { stderr, code } = await run('bash', ['-c', script, 'time', path, ...args], { env, timeout: 600_000 });
  if (code !== 0) throw new Error(`${path} failed with ${code}`);
  const [user = 0, system = 0] = stderr.trim().split(' ').map(Number);
  return (user + system) * 1e6;
}

export function residentMb(pid: number, field: 'VmRSS' | 'VmHWM' = 'VmRSS'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024;
}

export function start(args: readonly string[], cwd?: string): { child: ChildProcess; pid: number } {
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'], cwd });
  if (child.pid === undefined) throw new Error(`cannot start ${args.join(' ')}`);
  return { child, pid: child.pid };
}

/** Resident memory of a Node that does nothing but tick, MB. */
export async function nodeFloor(): Promise<number> {
  const { child, pid } = start([process.argv[1] ?? '', 'idle']);
  child.stdout?.resume();
  await sleep(3000);
  const floor = residentMb(pid);
  child.kill('SIGTERM');
  return floor;
}

export interface Plugin {
  readonly pid: number;
  readonly access: string;
  readonly error: string;
  /** The last value sent of a dimension; -1 before the first. */
  last(chart: string, dimension: string): number;
  /** Values sent so far. */
  values(): number;
  /** Ticks so far, and those that came half an interval late or more. */
  ticks(): { readonly all: number; readonly late: number };
  stop(): void;
}

/** @param isIdle it has nothing to read @param plugin the built file */
export function startPlugin(folder: string, { isIdle = false, plugin = builtPlugin } = {}): Plugin {
  mkdirSync(folder, { recursive: true });
  const [access, error, nginx, conf] = ['access.log', 'error.log', 'nginx.conf', 'nginx-upstream.conf'].map((name) =>
    join(folder, name),
  ) as [string, string, string, string];
  for (const log of [access, error]) appendFileSync(log, '');
  writeFileSync(nginx, nginxConf(error, access, format));
  writeFileSync(conf, isIdle ? 'jobs: []\n' : `jobs:\n  - name: bench\n    nginx_conf: ${nginx}\n`);
  const { child, pid } = start([plugin, '1', '--config', conf], folder);
  const told = new Map<string, number>();
  let values = 0;
  let chart = '';
  let rest = '';
  let all = 0;
  let late = 0;
  let lastMs = 0;
  const line = (text: string) => {
    if (text.startsWith('BEGIN ')) chart = text.slice(6).replace(/^[^.]*\./, '');
    if (!text.startsWith('SET ')) return;
    const [, dimension = '', , value] = text.split(' ');
    told.set(`${chart} ${dimension}`, Number(value));
    values++;
  };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    const ticks = lines.filter((each) => each.startsWith('BEGIN ') && each.endsWith('.plugin_load')).length;
    if (ticks > 0) {
      const now = performance.now();
      if (lastMs > 0 && now - lastMs > 1500) late++;
      lastMs = now;
      all += ticks;
    }
    lines.forEach(line);
  });
  return {
    pid,
    access,
    error,
    last: (of, dimension) => told.get(`${of} ${dimension}`) ?? -1,
    values: () => values,
    ticks: () => ({ all, late }),
    stop: () => void child.kill('SIGTERM'),
  };
}

/** Waits until it is so, looking ten times a second. */
export async function until(isSo: () => boolean, seconds: number, what: string): Promise<void> {
  for (let left = seconds * 10; !isSo(); left--) {
    if (left <= 0) throw new Error(`${what}: not within ${seconds} s`);
    await sleep(100);
  }
}
