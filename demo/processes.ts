/** Processes on Linux: started so that they die with their parent, distinguished by their start time, ended by their pid. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const SETPRIV = '/usr/bin/setpriv';

/** Starts a program that the kernel sends `fate` should this process die, however it dies. */
export function spawnTied(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
  fate: 'TERM' | 'KILL' = 'TERM',
): ChildProcess {
  const tied = existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig', fate, '--', command] : [command];
  const [file = command, ...before] = tied;
  return spawn(file, [...before, ...args], options);
}

export interface Identity {
  readonly pid: number;
  /** Start time in clock ticks: distinguishes a process from a later one with the same pid. */
  readonly started: string | null;
}

/** /proc/PID/stat after the command's name: [0] is the state, [1] the parent, [19] the start time (proc(5)). */
function stat(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

export const identity = (pid: number): Identity => ({ pid, started: stat(pid)?.[19] ?? null });

/** Whether it still runs; a zombie does not. */
export function isAlive(pid: number): boolean {
  const fields = stat(pid);
  return fields !== null && fields[0] !== 'Z' && fields[0] !== 'X';
}

export const isSame = ({ pid, started }: Identity): boolean =>
  started !== null && isAlive(pid) && identity(pid).started === started;

export const allPids = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** Children of `pid` and theirs, parents first. */
export function descendants(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const child of allPids()) {
    const parent = Number(stat(child)?.[1] ?? -1);
    children.set(parent, [...(children.get(parent) ?? []), child]);
  }
  const found: number[] = [];
  const walk = (of: number): void => {
    for (const child of children.get(of) ?? []) {
      found.push(child);
      walk(child);
    }
  };
  walk(pid);
  return found;
}

export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    if (pid > 0) process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}

/** Ends processes: SIGTERM, then SIGKILL. Resolves with those that stay all the same. */
export async function endAll(family: readonly Identity[]): Promise<readonly Identity[]> {
  const left = (): readonly Identity[] => family.filter(isSame);
  // Most leave with their parent, within moments.
  if (await isGone(left, 200)) return [];
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const { pid } of left()) kill(pid, 'SIGCONT');
    for (const { pid } of left()) kill(pid, signal);
    if (await isGone(left, 3_000)) return [];
  }
  return left();
}

/** Ends a child and what it started: SIGTERM, after `graceMs` SIGKILL. Resolves with those that stay. */
export async function stopFamily(
  child: ChildProcess,
  signal: NodeJS.Signals = 'SIGTERM',
  graceMs = 5_000,
): Promise<readonly Identity[]> {
  const pid = child.pid ?? -1;
  const running = pid > 0 && child.exitCode === null && child.signalCode === null;
  if (!running) return [];
  const family = descendants(pid).map(identity);
  const exited = new Promise((resolve) => child.once('exit', resolve));
  kill(pid, 'SIGCONT');
  kill(pid, signal);
  const timer = setTimeout(() => kill(pid, 'SIGKILL'), graceMs);
  await exited;
  clearTimeout(timer);
  return endAll(family);
}

async function isGone(left: () => readonly Identity[], timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  while (left().length > 0) {
    if (performance.now() >= end) return false;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return true;
}
