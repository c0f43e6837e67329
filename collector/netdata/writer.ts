import type { Writable } from 'node:stream';

/** The only thing that touches stdout: whatever is written there is protocol. */
export interface Writer {
  /** False while Netdata does not read: then complete ticks are skipped, since Node would queue what is written. */
  ready(): boolean;
  /** @param onTaken everything has left this process: Netdata has it */
  write(text: string, onTaken?: () => void): void;
  /** Calls back each time that what was written has been taken. */
  onDrain(listener: () => void): void;
}

/**
 * Node's stdout to a pipe is asynchronous: what Netdata does not read stays in memory, and is lost when this process is
 * killed. So nothing is written, and nothing counts as sent, until all that was written before has been taken.
 *
 * @param onGone called once when the reading end is closed (EPIPE): nobody is left to write to
 */
export function createWriter(stdout: Writable, onGone: () => void): Writer {
  let pending = 0;
  let gone = false;
  let whenDrained = () => {};
  stdout.on('error', () => {
    if (gone) return;
    gone = true;
    onGone();
  });
  return {
    ready: () => pending === 0 && !gone,
    write(text, onTaken = () => {}) {
      pending++;
      let isTold = false;
      const tell = () => {
        if (!isTold) onTaken();
        isTold = true;
      };
      stdout.write(text, (error) => {
        pending--;
        if (error) return;
        tell();
        if (pending === 0) whenDrained();
      });
      // A pipe with room has it by now. Node's callback comes behind all else that is due, a diagnosis of 100 ms among
      // it, and whoever is killed meanwhile would send it twice.
      if (stdout.writable && stdout.writableLength === 0) tell();
    },
    onDrain(listener) {
      whenDrained = listener;
    },
  };
}
