/** Running a program to its end, without a shell. */
import { execFile } from 'node:child_process';
import { ownProgram } from './program.ts';

export interface Execution {
  /** null when it could not be started, was killed or took too long. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Resolves always; a program that is missing, that other users could have put there (system/program.ts), or that takes
 * longer than `timeoutMs` gives `code: null`.
 */
export type Execute = (program: string, args: readonly string[], timeoutMs: number) => Promise<Execution>;

export const execute: Execute = (program, args, timeoutMs) =>
  new Promise((resolve) => {
    const file = ownProgram(program);
    if (file === null) return resolve({ code: null, stdout: '', stderr: '' });
    execFile(
      file,
      args,
      { timeout: timeoutMs, maxBuffer: 4 * 1024 * 1024, encoding: 'utf8' },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
        resolve({ code, stdout, stderr });
      },
    );
  });
