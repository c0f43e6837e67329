/**
 * Running a program to its end. Usable outside tests too (global-setup.ts, bench).
 *
 *   const { code, stdout, stderr } = await run('node', ['dist/nginx-upstream.plugin', 'parse', 'error'], { input });
 *
 * For one that stays: process.ts.
 */
import { spawn } from 'node:child_process';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunOptions {
  readonly cwd?: string;
  /** The entire environment; the caller's own by default. */
  readonly env?: NodeJS.ProcessEnv;
  /** What it reads on stdin; nothing by default. */
  readonly input?: string | Buffer;
  /** Milliseconds until it is killed; 30 s by default. */
  readonly timeout?: number;
}

export interface Result extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end with `input` on its stdin; killed after `timeout` ms (30 s by default). */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Result> {
  const { cwd, env = process.env, input, timeout = 30_000 } = options;
  const child = spawn(command, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'], timeout, killSignal: 'SIGKILL' });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
  child.stderr.on('data', (bytes: Buffer) => err.push(bytes));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const exit = await new Promise<Exit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  return { ...exit, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}
