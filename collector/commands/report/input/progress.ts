/** One line that says how far reading is: on a terminal only, and gone when the result comes. */
import { basename } from 'node:path';
import { printable } from '../../../base/printable.ts';
import { type Clock, systemClock } from '../../../system/clock.ts';
import type { Streams } from '../../command.ts';

export interface Progress {
  add(file: string, bytes: number): void;
  /** Takes the line away, before something else is written. */
  clear(): void;
}

const everyUs = 250_000;
const clearLine = '\r\u001b[K';

/** @param total bytes to read, as far as known */
export function createProgress(
  stderr: Streams['stderr'],
  total: number,
  clock: Pick<Clock, 'monotonicUs'> = systemClock,
): Progress {
  if (!('isTTY' in stderr) || stderr.isTTY !== true) return { add() {}, clear() {} };
  const begin = clock.monotonicUs();
  let next = begin + everyUs;
  let done = 0;
  let shown = false;
  return {
    add(file, bytes) {
      done += bytes;
      const now = clock.monotonicUs();
      if (now < next) return;
      next = now + everyUs;
      shown = true;
      const of = total >= done ? ` of ${megabytes(total)}` : '';
      const rate = megabytes((done * 1e6) / (now - begin));
      const name = printable(basename(file)).slice(0, 30);
      stderr.write(`${clearLine}read ${megabytes(done)}${of} MB, ${rate} MB/s: ${name}`);
    },
    clear() {
      if (shown) stderr.write(clearLine);
      shown = false;
    },
  };
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
