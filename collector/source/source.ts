/**
 * What every source of log bytes looks like to the rest (file, syslog socket, journal, container file): it is polled
 * once per tick, pushes what has arrived into its sink during the call, and says how it is.
 */

/** Where bytes go. A chunk may end anywhere, also inside a line or a UTF-8 sequence; it is only valid during the call. */
export interface ByteSink {
  chunk(bytes: Buffer): void;
  /** This generation of the file is over: what is unfinished will never be finished (rotation, truncation). */
  cut(): void;
}

/**
 * Makes the sink for one generation of a file. During a rotation two generations grow side by side (each nginx worker
 * reopens when it gets to it), so a line begun in one must never be continued with bytes of the other: each has its
 * own sink. The last call it gets is `cut()`.
 */
export type OpenSink = () => ByteSink;

export interface SourceProblem {
  /** Stable, for docs and tests: `missing`, `unreadable`, `directory`, … */
  readonly code: string;
  /** One sentence for the operator: what, where, and how to fix it. */
  readonly text: string;
}

export interface SourceReading {
  /** null when the source is fine: it may still have had nothing to say. */
  readonly problem: SourceProblem | null;
  /** Bytes known to be there and not read yet, after this poll. */
  readonly behindBytes: number;
  /** What happened in this poll and is worth a log line: `rotated`, `truncated`, `lost 2 generations`, … */
  readonly events: readonly string[];
  /** Running total of losses that could be noticed, in the source's own unit (lines where known, else events). */
  readonly lost: number;
  /** Running total of bytes given to the sinks. */
  readonly bytes: number;
}

/** All is well, and nothing has come. */
export const nothingRead: SourceReading = { problem: null, behindBytes: 0, events: [], lost: 0, bytes: 0 };

export interface Source {
  /** What the operator calls it: the path or the address. */
  readonly name: string;
  /** Never throws, never blocks on a network; reads at most a bounded number of bytes. */
  poll(): SourceReading;
  /** Where the next process may keep reading, as JSON; absent: what is past cannot be read again (UDP). */
  mark?(): unknown;
  close(): void;
}
