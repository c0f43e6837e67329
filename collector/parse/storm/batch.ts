/** Lines that are counted alike, counted together: a storm is many lines of few kinds. Pure. */
import type { CountedLine } from '../../model.ts';
import type { SharedLine } from './line.ts';

export interface LineBatch {
  add(line: SharedLine): void;
  /** Hands on what has been added, each kind of line once. */
  flush(): void;
}

/** Beyond that many kinds it is not worth waiting for more. */
const most = 4096;

/** @param count takes a line that came so many times */
export function createLineBatch(count: (line: CountedLine, times: number) => void): LineBatch {
  const waiting: SharedLine[] = [];

  function flush(): void {
    for (const line of waiting.splice(0)) {
      const times = line.waiting;
      line.waiting = 0;
      count(line, times);
    }
  }

  return {
    add(line) {
      if (line.waiting++ > 0) return;
      if (waiting.push(line) > most) flush();
    },
    flush,
  };
}
