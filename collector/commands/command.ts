import type { Readable, Writable } from 'node:stream';

/** The streams a command talks to: the process's own, or a test's. */
export interface Streams {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** Something a person types after the program's name. */
export interface Command {
  /** The words that select it: `parse error`. */
  readonly words: readonly string[];
  /** What may follow them, for the usage line. */
  readonly synopsis: string;
  /** One line for `--help`. */
  readonly summary: string;
  /** What its own `--help` says below that, in lines: options, examples, exit codes. */
  readonly help: readonly string[];
  /** @returns the exit code */
  run(args: readonly string[], streams: Streams): Promise<number>;
}

/** A call that makes no sense: printed with the usage line, exit code 2. */
export class UsageError extends Error {}
