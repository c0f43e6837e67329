import type { Log } from './log.ts';

const minuteUs = 60_000_000;

/**
 * The same log, with at most `most` lines a minute: peers come and go by the hundred where pods are replaced, and each
 * has something to say. How many lines were left out is logged when the next minute begins with a line.
 *
 * @param nowUs monotonic, microseconds
 * @param instead what the reader of the log can do to see the rest; a complete clause
 */
export function createBoundedLog(log: Log, most: number, nowUs: () => number, instead: string): Log {
  let beganUs = Number.NEGATIVE_INFINITY;
  let written = 0;
  let left = 0;

  function hasRoom(): boolean {
    if (nowUs() - beganUs >= minuteUs) {
      if (left > 0) log.info(`${left} more lines like these in the last minute are not logged: ${instead}`);
      beganUs = nowUs();
      written = 0;
      left = 0;
    }
    if (written < most) written++;
    else left++;
    return left === 0;
  }

  return {
    info: (text, fields) => hasRoom() && log.info(text, fields),
    warning: (text, fields) => hasRoom() && log.warning(text, fields),
    error: (text, fields) => hasRoom() && log.error(text, fields),
  };
}
