/** An error log, once as the plugin reads it, and once by the reader of single lines alone: what each says. */
import { lineSplitter } from '../../../collector/decode/lines.ts';
import type { CountedLine } from '../../../collector/model.ts';
import { errorLineReader } from '../../../collector/parse/error/reader.ts';
import { createStormLog } from '../../../collector/parse/storm/lines.ts';

/** What is counted of a line, but for what only one of them has to have. */
export function counted(line: CountedLine): string {
  const { time, level, pid, errno, message, kind, action, protocol, upstream, truncated, checked } = line;
  const has = [line.connection !== null, line.client !== null];
  const peer = upstream && [upstream.scheme, upstream.peer];
  return JSON.stringify([time, level, pid, errno, message, kind, action, protocol, peer, truncated, checked, has]);
}

/** Bytes, or nothing more for now: what is open may wait, or not. */
export type Step = Buffer | 'wait' | 'pause';

interface Told {
  readonly events: string[];
  /** Lines that took the fast way. */
  fast: number;
  read: number;
}

/** @param isFast lines of a storm are read in place */
export function tell(steps: readonly Step[], isFast: boolean): Told {
  const told: Told = { events: [], fast: 0, read: 0 };
  const say = (what: string, length: number, line: string) => told.events.push(`${what} ${length} ${line}`);
  const reader = errorLineReader({
    line: (text, line) => say('line', text.length, counted(line)),
    forged: (text) => say('forged', text.length, text),
    continuation: (text) => say('continuation', text.length, text),
    foreign: (text) => say('foreign', text.length, text),
  });
  const others = lineSplitter({
    maxLength: 65_536,
    keepsReturn: true,
    onLine(text) {
      told.read++;
      reader.read(text);
    },
    onOverlong: reader.reset,
  });
  const log = createStormLog(reader, others, {
    read: () => told.read++,
    line(length, line) {
      told.fast++;
      say('line', length, counted(line));
    },
    again: reader.read,
  });
  const { chunk } = isFast ? log : others;
  const { pause } = isFast ? log : reader;
  for (const step of steps) {
    if (typeof step === 'string') pause(step === 'wait');
    else chunk(step);
  }
  if (isFast) log.end();
  else reader.end();
  return told;
}

/** In pieces of these lengths, again and again. */
export function pieces(bytes: Buffer, lengths: readonly number[]): readonly Buffer[] {
  const found: Buffer[] = [];
  for (let from = 0, i = 0; from < bytes.length; i++) {
    const length = Math.max(1, lengths[i % Math.max(1, lengths.length)] ?? bytes.length);
    // A chunk is valid during the call only: each is its own copy.
    found.push(Buffer.from(bytes.subarray(from, from + length)));
    from += length;
  }
  return found;
}
