import type { Readable, Writable } from 'node:stream';

/** The streams a command talks to: the process's own, or a test's. */
export interface Streams {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/**
 * A paragraph, wrapped; an option with what it does; or, if it begins with two blanks, an example, which stays in one
 * piece to be copied.
 */
export type HelpLine = string | readonly [string, string];

/** Something a person types after the program's name. */
export interface Command {
  /** The words that select it: `parse error`. */
  readonly words: readonly string[];
  /** What may follow them, for the usage line. */
  readonly synopsis: string;
  /** One line for `--help`. */
  readonly summary: string;
  /** What its `--help` says below that: options, examples, exit codes. */
  readonly help: readonly HelpLine[];
  /** @returns the exit code */
  run(args: readonly string[], streams: Streams): Promise<number>;
}

/** A call that makes no sense: printed with the usage line, exit code 2. */
export class UsageError extends Error {}
