/** A program that runs beside us and whose output is read as it comes. */
import { spawn } from 'node:child_process';
import { ownProgram } from './program.ts';

export interface ChildHandlers {
  onOutput(bytes: Buffer): void;
  onErrorOutput(text: string): void;
  /** Once, when it has ended or could not be started: `ENOENT`, `exit 1`, `SIGKILL`. */
  onEnd(reason: string): void;
}

export interface ChildProcess {
  /** While paused, the program waits in its own write. */
  pause(): void;
  resume(): void;
  stop(): void;
}

export type StartChild = (program: string, args: readonly string[], handlers: ChildHandlers) => ChildProcess;

/** Messages in English, whatever the system speaks: some of them are recognised. */
export const startChild: StartChild = (program, args, { onOutput, onErrorOutput, onEnd }) => {
  // A path that is not there fails as spawn does, later and with ENOENT; so does one that others could have put there.
  const child = spawn(ownProgram(program) ?? '/nonexistent', args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C', SYSTEMD_PAGER: '', SYSTEMD_COLORS: '0' },
  });
  let hasEnded = false;
  const end = (reason: string) => {
    if (!hasEnded) onEnd(reason);
    hasEnded = true;
  };
  child.stdout.on('data', onOutput);
  child.stderr.setEncoding('utf8').on('data', onErrorOutput);
  child.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  child.on('close', (code, signal) => end(signal ?? `exit ${code}`));
  return {
    pause: () => child.stdout.pause(),
    resume: () => child.stdout.resume(),
    stop: () => child.kill('SIGTERM'),
  };
};
