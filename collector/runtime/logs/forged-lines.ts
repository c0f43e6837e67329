/**
 * Which lines of an error log no process of this nginx wrote: a client had a worker print them, and they are no
 * failures (docs/decisions/0186). In doubt a line is believed.
 */
import { isByStranger, type Writers } from '../../diagnose/facts/writers.ts';
import type { CountedLine } from '../../model.ts';
import { longestRecord } from '../../parse/error/size.ts';

/** Judges the lines of one log. A line that may be forged waits until the processes were checked after it was read. */
export interface LineJudge {
  /** @param sinceMs what is read now was written since then; null where this is not known */
  beginRead(sinceMs: number | null): void;
  /** One generation of the file: lines that follow each other. */
  openRun(): Run;
  /** What was read is judged by the processes of now. */
  settle(writers: Writers | null): void;
  /** What was read may be older than it seemed, or nobody can be asked any more: it is believed. */
  believe(): void;
}

/** Takes the physical lines of a file in their order. */
export interface Run {
  /** A line that looks like nginx's. @param length in characters */
  line(length: number, line: CountedLine): void;
  /** As `line`; what is believed at once is left to the caller. */
  isBelieved(length: number, line: CountedLine): boolean;
  /** Any other, also one that is known to be forged. */
  other(text: string): void;
  /** Lines are missing here. */
  reset(): void;
}

interface Suspect {
  readonly line: CountedLine;
  /** It lies where one record can reach that began with a line of a known process: there, and only there, forged ones lie. */
  readonly inReach: boolean;
  /** Lines enough came between it and the last one of a known process: some other process wrote it. */
  readonly beyond: boolean;
}

export interface ForgedVerdicts {
  onLine(line: CountedLine): void;
  onForged(): void;
  /** Somebody else writes to this log as well; said once. */
  onOtherWriter(): void;
}

/** With the line feed: longestRecord is without. */
const reach = longestRecord + 1;
/** More of one read are believed: memory is bounded. Only the first read after workers have changed comes near. */
const mostSuspects = 10_000;

export function createLineJudge({ onLine, onForged, onOtherWriter }: ForgedVerdicts): LineJudge {
  let suspects: Suspect[] = [];
  let readSinceMs: number | null = null;
  /** As they were at the last check. */
  let writers: Writers | null = null;
  let isShared = false;

  /**
   * Lines without a connection are of starting, testing and reloading: `nginx -t` writes them with its own pid. But
   * who accepts connections is a worker.
   */
  function isSuspect({ pid, connection, kind, level }: CountedLine): boolean {
    const isOfWorker =
      connection !== null || kind === 'worker_connections' || (kind === 'no_files' && level !== 'emerg');
    if (isShared || writers === null || readSinceMs === null || !isOfWorker) return false;
    return suspects.length < mostSuspects && isByStranger(pid, readSinceMs, writers);
  }

  function believe(): void {
    const lines = suspects;
    suspects = [];
    for (const { line } of lines) onLine(line);
  }

  return {
    beginRead(sinceMs) {
      readSinceMs = sinceMs;
    },

    openRun() {
      /** Characters since the last line of a known process began: bytes are at least as many. */
      let length = 0;
      let isKnownBefore = false;

      function isBelieved(characters: number, line: CountedLine): boolean {
        const isKnown = line.pid !== null && writers?.pids.has(line.pid) === true;
        if (isKnown) {
          isKnownBefore = true;
          length = 0;
        }
        length += characters + 1;
        if (isKnown || !isSuspect(line)) return true;
        const beyond = length > reach;
        suspects.push({ line, inReach: isKnownBefore && !beyond, beyond });
        return false;
      }

      return {
        isBelieved,
        line(characters, line) {
          if (isBelieved(characters, line)) onLine(line);
        },
        other(text) {
          length += text.length + 1;
        },
        reset() {
          length = 0;
          isKnownBefore = false;
        },
      };
    },

    settle(now) {
      writers = now;
      if (suspects.length === 0) return;
      const sinceMs = readSinceMs;
      if (now === null || sinceMs === null) return believe();
      const isStrange = ({ line }: Suspect) => isByStranger(line.pid, sinceMs, now);
      if (suspects.some((suspect) => suspect.beyond && isStrange(suspect))) {
        isShared = true;
        onOtherWriter();
        return believe();
      }
      const lines = suspects;
      suspects = [];
      for (const suspect of lines) {
        if (suspect.inReach && isStrange(suspect)) onForged();
        else onLine(suspect.line);
      }
    },

    believe,
  };
}
