import { describe, expect, test } from 'vitest';
import { parseStrictErrorLine } from '../../../collector/parse/error/line.ts';
import { createLineJudge } from '../../../collector/runtime/logs/forged-lines.ts';
import { createKnownWriters } from '../../../collector/runtime/logs/known-writers.ts';

const refused = (pid: number, connection = '*1 ', filler = '') =>
  `2026/11/22 07:30:45 [error] ${pid}#${pid}: ${connection}connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1, server: , request: "GET /${filler} HTTP/1.1", upstream: "http://127.0.0.1:81/", host: "x"`;
const known = (pid = 11) =>
  `2026/11/22 07:30:45 [error] ${pid}#${pid}: *5 open() "/x" failed (2: No such file or directory)`;

interface How {
  readonly sinceMs?: number | null;
  /** The processes at the look after the read, and how often the master has slept by then. */
  readonly later?: readonly number[];
  readonly sleeps?: number | undefined;
}

/** A judge of an nginx with these processes, an hour after the first check of them. */
function settled(pids: readonly number[] = [10, 11]) {
  const counted: (number | null)[] = [];
  const verdicts = { forged: 0, otherWriters: 0 };
  const judge = createLineJudge({
    onLine: ({ pid }) => counted.push(pid),
    onForged: () => void verdicts.forged++,
    onOtherWriter: () => void verdicts.otherWriters++,
  });
  const writers = createKnownWriters();
  const look = (ms: number, now: readonly number[], sleeps = now.length) => {
    writers.seen(now.length === 0 ? [] : [{ pid: now[0] ?? 0, sleeps, logPids: now }], ms);
    judge.settle(writers.now());
  };
  look(0, pids);
  const hour = 3_600_000;
  look(hour, pids);
  const run = judge.openRun();
  const read = (...lines: readonly string[]) => {
    for (const text of lines) {
      const line = parseStrictErrorLine(text);
      if (line === null) run.other(text);
      else run.line(text.length, line);
    }
  };
  return {
    judge,
    run,
    read,
    look,
    hour,
    result: () => ({ counted, ...verdicts }),
    /** One tick: what it reads was written since `sinceMs`. */
    tick(lines: readonly string[], { sinceMs = hour, later = pids, sleeps }: How = {}) {
      judge.beginRead(sinceMs);
      read(...lines);
      look(hour + 1000, later, sleeps);
      return { counted, ...verdicts };
    },
  };
}

describe('a line behind one of a known worker', () => {
  test.each([
    ['by a pid that no process of nginx has', refused(99), 1],
    ['by the same worker', refused(11), 0],
    ['by the master', refused(10), 0],
    ['without a connection, as a test of the configuration writes it', refused(99, ''), 0],
  ])('%s', (_, line, forged) => {
    const { counted, ...verdicts } = settled().tick([known(), line]);
    expect(verdicts).toEqual({ forged, otherWriters: 0 });
    expect(counted).toHaveLength(2 - forged);
  });

  test('several forged ones in one record', () => {
    expect(settled().tick([known(), refused(98), refused(99), 'the end of the record', refused(11)])).toEqual({
      counted: [11, 11],
      forged: 2,
      otherWriters: 0,
    });
  });
});

describe('believed, for there is doubt:', () => {
  test.each([
    ['what is read may have been written before', { sinceMs: null }],
    ['it was written within two minutes after the first check', { sinceMs: 119_000 }],
    ['its writer is there after the read: a worker that has just come', { later: [10, 11, 99], sleeps: 4 }],
    ['its writer came and died between two checks', { later: [10, 11], sleeps: 4 }],
    ['a worker was replaced meanwhile', { later: [10, 12], sleeps: 4 }],
    ['nginx has ended meanwhile', { later: [] }],
  ])('%s', (_, how) => {
    expect(settled().tick([known(), refused(99)], how)).toEqual({ counted: [11, 99], forged: 0, otherWriters: 0 });
  });

  test('no line of a known process was seen before it in this file', () => {
    expect(settled().tick([refused(99)])).toMatchObject({ counted: [99], forged: 0 });
  });

  test('lines are missing before it', () => {
    const { judge, run, read, look, hour, result } = settled();
    judge.beginRead(hour);
    read(known());
    run.reset();
    read(refused(99));
    look(hour + 1, [10, 11]);
    expect(result()).toMatchObject({ counted: [11, 99], forged: 0 });
  });

  test('the file turned out to be another one', () => {
    const { judge, read, look, hour, result } = settled();
    judge.beginRead(hour);
    read(known(), refused(99));
    judge.believe();
    look(hour + 1, [10, 11]);
    expect(result()).toMatchObject({ counted: [11, 99], forged: 0 });
  });

  test('a worker that has ended within the last minutes, though nothing has changed for two', () => {
    const { judge, read, look, hour, result } = settled();
    look(hour + 100_000, [10, 11, 99], 4);
    look(hour + 200_000, [10, 11], 6);
    judge.beginRead(hour + 500_000);
    read(known(), refused(99), known(), refused(98));
    look(hour + 501_000, [10, 11], 6);
    expect(result()).toEqual({ counted: [11, 99, 11], forged: 1, otherWriters: 0 });
  });
});

describe('a log that somebody else writes to as well', () => {
  const long = refused(99, '*1 ', 'x'.repeat(1800));

  test('one line that no record of a known process reaches proves it: all lines are believed, for good', () => {
    const other = settled();
    expect(other.tick([known(), refused(99), long, long])).toEqual({
      counted: [11, 99, 99, 99],
      forged: 0,
      otherWriters: 1,
    });
    expect(other.tick([known(), refused(99)])).toMatchObject({ forged: 0, otherWriters: 1 });
  });

  test('what lies between counts, too: continuations, foreign lines', () => {
    expect(settled().tick([known(), 'x'.repeat(4000), refused(99)])).toMatchObject({ forged: 0, otherWriters: 1 });
    expect(settled().tick([known(), 'x'.repeat(4000), known(), refused(99)])).toMatchObject({ forged: 1 });
  });

  test('unless its writer was only not known yet', () => {
    const lines = [known(), refused(12), refused(12, '*1 ', 'x'.repeat(4000))];
    expect(settled().tick(lines, { later: [10, 12], sleeps: 4 })).toMatchObject({
      counted: [11, 12, 12],
      otherWriters: 0,
    });
  });
});

test('more suspects than memory is for are believed', () => {
  const { forged, counted } = settled().tick(Array.from({ length: 15_000 }, () => [known(), refused(99)]).flat());
  expect([forged, counted.filter((pid) => pid === 99).length]).toEqual([10_000, 5000]);
});
