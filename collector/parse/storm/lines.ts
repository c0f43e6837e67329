/**
 * The bytes of an error log, where in a storm nearly all lines are alike: these are read in place (line.ts) and wait
 * here, as bytes, until no record can end behind them any more. As soon as one comes that is not of them, those that
 * still wait are read again, by the reader that knows which lines belong together, and then that one. So what counts is
 * what counts there.
 */
import type { ErrorLineReader } from '../error/reader.ts';
import { recordReach } from '../error/size.ts';
import { createStormLineReader, type SharedLine } from './line.ts';
import { createLineQueue } from './queue.ts';

export interface StormSink {
  /** One more line was read here. */
  read(): void;
  /** It is nginx's, as far as can be seen. @param length in characters, without its line feed */
  line(length: number, line: SharedLine): void;
  /** It has to be read as any other, by the reader. */
  again(text: string): void;
  /** Whether lines of several hosts are distinguished. */
  readonly hosts?: boolean;
}

/** Lines of all other kinds, as bytes; a chunk ends with a line, or begins one that is too long for here. */
interface OtherLines {
  chunk(bytes: Buffer): void;
  cut(): void;
}

export interface StormLog extends OtherLines {
  /** As ErrorLineReader has it. */
  pause(mayWait: boolean): void;
  /** Nothing more will come. */
  end(): void;
}

const newline = 10;
/** What is longer is not for here. */
const longestCarried = 2048;

/** @param others is given the other lines, in their order, and has the reader read them */
export function createStormLog(reader: ErrorLineReader, others: OtherLines, sink: StormSink): StormLog {
  const storm = createStormLineReader(sink.hosts);
  const queue = createLineQueue();
  /** The beginning of a line that continues in the next chunk. */
  const carry = Buffer.alloc(longestCarried);
  let carried = 0;
  /** A line has begun among the others. */
  let isBegun = false;
  let isCalm = true;

  function handOn(): void {
    const line = queue.first();
    reader.vouch(line, line.subject);
    sink.line(queue.drop(), line);
  }

  /** The reader has to see those that wait after all. */
  function giveOthers(bytes: Buffer): void {
    while (queue.size() > 0) sink.again(queue.take());
    others.chunk(bytes);
    isCalm = false;
  }

  /** A line that was read here waits where the reader is calm; else it is read there, too. */
  function take(bytes: Buffer, from: number, end: number): void {
    sink.read();
    isCalm ||= reader.isCalm();
    if (!isCalm) {
      sink.again(bytes.toString('latin1', from, end));
      return;
    }
    const characters = end - from + 1;
    reader.makeRoom(queue.characters() + characters);
    while (queue.characters() + characters > recordReach && queue.size() > 0) handOn();
    queue.push(storm.found(), bytes, from, end);
  }

  /** All lines of `bytes[from, to)`, which ends with a line feed. */
  function whole(bytes: Buffer, from: number, to: number): void {
    /** Where those begin that are not for here. */
    let othersFrom = from;
    for (let p = from; p < to; ) {
      const end = storm.read(bytes, p);
      if (end === -1) {
        p = bytes.indexOf(newline, p) + 1;
        continue;
      }
      if (othersFrom < p) giveOthers(bytes.subarray(othersFrom, p));
      take(bytes, p, end);
      p = end + 1;
      othersFrom = p;
    }
    if (othersFrom < to) giveOthers(bytes.subarray(othersFrom, to));
    queue.hold();
  }

  function keep(bytes: Buffer): void {
    if (carried + bytes.length <= longestCarried) {
      bytes.copy(carry, carried);
      carried += bytes.length;
      return;
    }
    giveOthers(carry.subarray(0, carried));
    others.chunk(bytes);
    carried = 0;
    isBegun = true;
  }

  /** Ends the line that earlier chunks began. @param bytes up to its line feed */
  function finish(bytes: Buffer): void {
    if (isBegun || carried + bytes.length > longestCarried) {
      giveOthers(carry.subarray(0, carried));
      others.chunk(bytes);
      isBegun = false;
    } else {
      bytes.copy(carry, carried);
      whole(carry, 0, carried + bytes.length);
    }
    carried = 0;
  }

  function pause(mayWait: boolean): void {
    reader.pause(mayWait);
    while (queue.size() > 0) handOn();
  }

  return {
    chunk(bytes) {
      const last = bytes.lastIndexOf(newline);
      if (last === -1) {
        if (isBegun) others.chunk(bytes);
        else keep(bytes);
        return;
      }
      let from = 0;
      if (carried > 0 || isBegun) {
        from = bytes.indexOf(newline) + 1;
        finish(bytes.subarray(0, from));
      }
      if (from <= last) whole(bytes, from, last + 1);
      if (last + 1 < bytes.length) keep(bytes.subarray(last + 1));
    },
    cut() {
      carried = 0;
      isBegun = false;
      others.cut();
    },
    pause,
    end() {
      pause(false);
      reader.end();
    },
  };
}
