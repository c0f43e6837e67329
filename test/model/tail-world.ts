/** nginx, logrotate and the plugin around one log, as a list of actions: what was written, and what was counted. */
import { lineSplitter } from '../../collector/decode/lines.ts';
import type { TailMark } from '../../collector/source/tail/mark.ts';
import { createTail, type Tail } from '../../collector/source/tail/tail.ts';
import { testAccounts } from '../source/tail-kit.ts';
import { type MemoryFs, memoryFs } from './memory-fs.ts';

/** What may happen. `write` is complete lines, `begin` and `finish` are the two halves of one. */
export type Action =
  | { readonly do: 'write'; readonly lines: number }
  | { readonly do: 'begin' }
  | { readonly do: 'finish' }
  /** logrotate moves log → log.1 → log.2 → … */
  | { readonly do: 'rename' }
  /** logrotate's `create` */
  | { readonly do: 'create' }
  /** USR1: nginx opens the path again */
  | { readonly do: 'reopen' }
  | { readonly do: 'copytruncate' }
  | { readonly do: 'delete' }
  | { readonly do: 'restart' }
  | { readonly do: 'tick'; readonly times: number };

const log = '/log/error.log';

export interface Outcome {
  /** Complete lines nginx wrote while the plugin watched, in order. */
  readonly written: readonly string[];
  readonly read: readonly string[];
  readonly lost: number;
  readonly openDescriptors: number;
}

export function play(actions: readonly Action[]): Outcome {
  const fs: MemoryFs = memoryFs();
  let writer = fs.openToWrite(log);
  fs.append(writer, 'history, not to be counted\n');
  const written: string[] = [];
  const read: string[] = [];
  let half: string | null = null;
  let time = 1_000_000;
  let lost = 0;
  let copies = 0;
  let count = 0;
  let tail = start([]);
  let saved: readonly TailMark[] = [];
  tick();

  function start(resume: readonly TailMark[]): Tail {
    const openSink = () =>
      lineSplitter({ maxLength: 1000, onLine: (line) => read.push(line), onOverlong: () => read.push('overlong') });
    return createTail({ path: log, fs, accounts: testAccounts, now: () => time, openSink, resume });
  }

  function tick(): void {
    time += 1000;
    const reading = tail.poll();
    lost = Math.max(lost, reading.lost);
    saved = tail.marks();
  }

  function finish(): void {
    if (half === null) return;
    fs.append(writer, `${half.slice(8)}\n`);
    written.push(half);
    half = null;
  }

  const writesToLog = () => fs.exists(log) && fs.stat(log).ino === fs.fstat(writer).ino;

  function nextLine(): string {
    count += 1;
    return `${String(count).padStart(6, '0')} 2026/11/22 [error] 7#7: ${'x'.repeat(count % 90)}`;
  }

  function act(action: Action): void {
    switch (action.do) {
      case 'write':
        finish();
        for (let n = 0; n < action.lines; n += 1) {
          const line = nextLine();
          fs.append(writer, `${line}\n`);
          written.push(line);
        }
        return;
      case 'begin':
        if (half !== null) return;
        half = nextLine();
        fs.append(writer, half.slice(0, 8));
        return;
      case 'finish':
        finish();
        return;
      case 'rename':
        if (!fs.exists(log)) return;
        for (let n = 20; n > 0; n -= 1) if (fs.exists(`${log}.${n}`)) fs.rename(`${log}.${n}`, `${log}.${n + 1}`);
        fs.rename(log, `${log}.1`);
        return;
      case 'create':
        if (!fs.exists(log)) fs.close(fs.openToWrite(log));
        return;
      case 'reopen':
        // What was begun in a file that is gone stays torn: it is in nobody's count.
        if (writesToLog()) finish();
        half = null;
        fs.close(writer);
        writer = fs.openToWrite(log);
        return;
      case 'copytruncate':
        if (!fs.exists(log)) return;
        copies += 1;
        fs.copy(log, `${log}.copy${copies}`);
        fs.truncate(log);
        if (writesToLog()) half = null;
        return;
      case 'delete':
        if (fs.exists(log)) fs.unlink(log);
        return;
      case 'restart':
        // As after kill -9: what it knew at its last tick is all that the next one gets.
        tail.close();
        tail = start(JSON.parse(JSON.stringify(saved)));
        return;
      case 'tick':
        for (let n = 0; n < action.times; n += 1) tick();
    }
  }

  for (const action of actions) act(action);
  finish();
  fs.close(writer);
  for (let n = 0; n < 20; n += 1) tick();
  tail.close();
  return { written, read, lost, openDescriptors: fs.openCount() };
}
