/**
 * Programs that a test starts, and ends by their own pid.
 *
 *   const child = start('/usr/bin/node', ['x.js'], { env: { PATH } });  // ends with the test at the latest
 *   await child.waitForLine(/ready/);
 *   child.signal('SIGHUP');
 *   const { code, signal } = await child.stop();      // SIGTERM, then SIGKILL after a grace; descendants too
 *
 * For a program that is not ended by the test: run.ts.
 * Should the test run itself be killed, the kernel sends what it started a SIGTERM (setpriv --pdeathsig).
 */
import type { ChildProcess } from 'node:child_process';
import { descendants, endAll, identity, kill, spawnTied } from '../../demo/processes.ts';
import type { Exit } from './run.ts';
import { atEnd } from './temp.ts';
import { waitUntil } from './wait.ts';

// biome-ignore lint/performance/noBarrelFile: for tests the two belong to what this file gives
export { descendants, isAlive } from '../../demo/processes.ts';

export interface StartOptions {
  readonly cwd?: string;
  /** The entire environment; the test's own by default. */
  readonly env?: NodeJS.ProcessEnv;
  /** `pipe` (default: stdin stays open until `end()`), or `ignore` for /dev/null. */
  readonly stdin?: 'pipe' | 'ignore';
  /** Milliseconds between SIGTERM and SIGKILL; 5 s by default. */
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

const running = new Set<Child>();
process.on('exit', () => {
  for (const child of running) for (const pid of [child.pid, ...descendants(child.pid)]) kill(pid, 'SIGKILL');
});

/** Starts a program; rejects nothing: one that cannot start shows up in `exited` as code 127. */
export function start(command: string, args: readonly string[], options: StartOptions = {}): Child {
  const { cwd, env = process.env, stdin = 'pipe', grace = 5_000 } = options;
  const child = spawnTied(command, args, { cwd, env, stdio: [stdin, 'pipe', 'pipe'] });
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
    const stay = await endAll(family);
    if (stay.length > 0) throw new Error(`processes that do not end: ${stay.map(({ pid }) => pid).join(', ')}`);
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
