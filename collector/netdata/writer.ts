import type { Writable } from 'node:stream';

/** The only thing that touches stdout: whatever is written there is protocol. */
export interface Writer {
  /** False while Netdata does not read: then whole ticks are skipped, since Node would queue what is written. */
  ready(): boolean;
  write(text: string): void;
  /** Calls back each time that what was written has been taken. */
  onDrain(listener: () => void): void;
}

/**
 * Node's stdout to a pipe is asynchronous: after `write()` returned false everything more would pile up in memory
 * until Netdata reads again.
 *
 * @param onGone called once when the reading end is closed (EPIPE): nobody is left to write to
 */
export function createWriter(stdout: Writable, onGone: () => void): Writer {
  let full = false;
  let gone = false;
  let whenDrained = () => {};
  stdout.on('drain', () => {
    full = false;
    whenDrained();
  });
  stdout.on('error', () => {
    if (gone) return;
    gone = true;
    onGone();
  });
  return {
    ready: () => !full && !gone,
    write(text) {
      full = !stdout.write(text);
    },
    onDrain(listener) {
      whenDrained = listener;
    },
  };
}
