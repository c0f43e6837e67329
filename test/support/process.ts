/**
 * Programs that a test starts, and ends by their own pid.
 *
 *   const child = start('/usr/bin/node', ['x.js'], { env: { PATH } });  // ends with the test at the latest
 *   await child.waitForLine(/ready/);
 *   child.signal('SIGHUP');
 *   const { code, signal } = await child.stop();      // SIGTERM, then SIGKILL after a grace; descendants too
 *
 * For a program that ends by itself: run.ts.
 * Should the test run itself be killed, the kernel sends what it started a SIGTERM (setpriv --pdeathsig).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Exit } from './run.ts';
import { atEnd } from './temp.ts';
import { waitUntil } from './wait.ts';

export interface StartOptions {
  readonly cwd?: string;
  /** The whole environment; the test's own unless told. */
  readonly env?: NodeJS.ProcessEnv;
  /** `pipe` (default: stdin stays open until `end()`), or `ignore` for /dev/null. */
  readonly stdin?: 'pipe' | 'ignore';
  /** Milliseconds between SIGTERM and SIGKILL; 5 s unless told. */
  readonly grace?: number;
}

export interface Child {
  readonly pid: number;
  readonly process: ChildProcess;
  readonly exited: Promise<Exit>;
  /** null while it runs. */
  exit(): Exit | null;
  stdout(): string;
  stderr(): string;
  /** The first complete line, of both streams, that matches. */
  waitForLine(pattern: RegExp, timeout?: number): Promise<string>;
  signal(signal: NodeJS.Signals): void;
  /** Idempotent: also ends what the program started and left behind. */
  stop(signal?: NodeJS.Signals): Promise<Exit>;
}

const SETPRIV = '/usr/bin/setpriv';
const running = new Set<Child>();
process.on('exit', () => {
  for (const child of running) for (const pid of [child.pid, ...descendants(child.pid)]) kill(pid, 'SIGKILL');
});

/** Starts a program; rejects nothing: one that cannot start shows up in `exited` as code 127. */
export function start(command: string, args: readonly string[], options: StartOptions = {}): Child {
  const { cwd, env = process.env, stdin = 'pipe', grace = 5_000 } = options;
  const tied = existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig', 'TERM', '--', command] : [command];
  const [file = command, ...before] = tied;
  const child = spawn(file, [...before, ...args], { cwd, env, stdio: [stdin, 'pipe', 'pipe'] });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (bytes: Buffer) => out.push(bytes));
  child.stderr?.on('data', (bytes: Buffer) => err.push(bytes));
  child.stdin?.on('error', () => undefined);
  let ended: Exit | null = null;
  const exited = new Promise<Exit>((resolve) => {
    const end = (exit: Exit): void => {
      ended ??= exit;
      running.delete(self);
      resolve(ended);
    };
    child.once('error', (error) => {
      err.push(Buffer.from(`${error.message}\n`));
      end({ code: 127, signal: null });
    });
    // `exit`, not `close`: a grandchild may hold the pipes open.
    child.once('exit', (code, signal) => setImmediate(() => end({ code, signal })));
  });
  const stdout = (): string => Buffer.concat(out).toString();
  const stderr = (): string => Buffer.concat(err).toString();
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> => {
    const family = ended ? [] : descendants(self.pid).map(identity);
    if (!ended) {
      kill(self.pid, 'SIGCONT');
      kill(self.pid, signal);
      const timer = setTimeout(() => kill(self.pid, 'SIGKILL'), grace);
      await exited;
      clearTimeout(timer);
    }
    await endAll(family);
    child.stdin?.destroy();
    child.stdout?.destroy();
    child.stderr?.destroy();
    return exited;
  };
  const self: Child = {
    pid: child.pid ?? -1,
    process: child,
    exited,
    exit: () => ended,
    stdout,
    stderr,
    waitForLine: (pattern, timeout = 10_000) =>
      waitUntil(
        () => {
          const line = `${stdout()}\n${stderr()}`.split('\n').find((text) => pattern.test(text));
          if (line === undefined && ended) throw new Error(`it ended with ${JSON.stringify(ended)}`);
          return line;
        },
        { what: `a line ${pattern} of ${command}`, timeout, hint: () => `${stdout()}\n${stderr()}`.slice(-2000) },
      ),
    signal: (signal) => kill(self.pid, signal),
    stop,
  };
  if (self.pid > 0) running.add(self);
  atEnd(() => stop());
  return self;
}

interface Identity {
  readonly pid: number;
  /** Start time in clock ticks: tells a process from a later one with the same pid. */
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

const identity = (pid: number): Identity => ({ pid, started: stat(pid)?.[19] ?? null });

/** Whether it still runs; a zombie does not. */
export function isAlive(pid: number): boolean {
  const fields = stat(pid);
  return fields !== null && fields[0] !== 'Z' && fields[0] !== 'X';
}

/** Children of `pid` and theirs, parents first. */
export function descendants(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = Number(stat(Number(name))?.[1] ?? -1);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
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

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    if (pid > 0) process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

async function endAll(family: readonly Identity[]): Promise<void> {
  const left = (): Identity[] =>
    family.filter(({ pid, started }) => isAlive(pid) && started !== null && identity(pid).started === started);
  for (const [signal, timeout] of [
    ['SIGTERM', 3_000],
    ['SIGKILL', 3_000],
  ] as const) {
    // Most leave with their parent, within moments.
    const gone = await waitUntil(() => left().length === 0, { what: 'children to end', timeout: 200 }).catch(
      () => false,
    );
    if (gone) return;
    for (const { pid } of left()) kill(pid, 'SIGCONT');
    for (const { pid } of left()) kill(pid, signal);
    await waitUntil(() => left().length === 0, { what: 'children to end', timeout }).catch(() => false);
  }
  const stay = left();
  if (stay.length > 0) throw new Error(`processes that do not end: ${stay.map(({ pid }) => pid).join(', ')}`);
}
