/** The tailer's decisions, pure: what to do next, from what is held and what stands at the path. */

/** The file at the path, or why there is none to read. */
export type AtPath =
  | { readonly is: 'file'; readonly dev: bigint; readonly ino: bigint }
  | { readonly is: 'absent' }
  | { readonly is: 'unusable' };

/** The open file that is read as the log, as it is after it was read to its end. */
export interface Held {
  readonly dev: bigint;
  readonly ino: bigint;
  /** The bytes read so far are still the beginning of the file: it neither shrank nor was rewritten. */
  readonly intact: boolean;
  readonly links: number;
  /** Milliseconds since it last grew. */
  readonly quietMs: number;
}

/**
 * - `wait`: nothing to read yet
 * - `open`: a file has appeared at the path
 * - `stay`: the held file is the log
 * - `restart`: the held file was truncated or rewritten in place: from 0
 * - `rotate`: another file stands at the path: open it, keep draining the held one
 * - `hold`: nothing usable stands at the path; nginx keeps writing to the file it has open, and so do we
 * - `release`: the held file has no name and has been quiet for long: give its disk space back
 */
export type TailStep = 'wait' | 'open' | 'stay' | 'restart' | 'rotate' | 'hold' | 'release';

/** A deleted log is kept open as long as this after its last growth: it pins disk space. */
export const deletedQuietMs = 3_600_000;

export function nextTailStep(held: Held | null, atPath: AtPath): TailStep {
  if (held === null) return atPath.is === 'file' ? 'open' : 'wait';
  if (atPath.is === 'file' && (atPath.dev !== held.dev || atPath.ino !== held.ino)) return 'rotate';
  if (!held.intact) return 'restart';
  if (atPath.is === 'file') return 'stay';
  return held.links === 0 && held.quietMs >= deletedQuietMs ? 'release' : 'hold';
}

/** A rotated file that may still be written to. */
export interface Draining {
  /** Reads in a row that found nothing, since its successor exists. */
  readonly emptyReads: number;
  readonly quietMs: number;
  /** The file after it has got its first bytes: nginx has reopened (at least one worker has). */
  readonly successorGrew: boolean;
  readonly intact: boolean;
}

/** After its successor has got lines, a rotated file must have been quiet for as long as this. */
export const settledQuietMs = 10_000;
/** And while its successor is empty, as long as this: the USR1 may be late, or the log silent. */
export const unsettledQuietMs = 3_600_000;

/** Whether nginx has let a rotated file go, as far as can be seen from outside. */
export function isDrained(draining: Draining): boolean {
  if (!draining.intact) return true;
  if (draining.emptyReads < 2) return false;
  return draining.quietMs >= (draining.successorGrew ? settledQuietMs : unsettledQuietMs);
}
