/** What is measured in a separate process: `bench.cjs bare|ours …` (main.ts starts them). */
import { closeSync, openSync, readSync } from 'node:fs';
import { catalogue } from '../charts/catalogue.ts';
import { dialectOf } from '../charts/dialect.ts';
import { encode } from '../charts/encode.ts';
import { nothingDrawn, plan } from '../charts/plan.ts';
import { createJobAggregate } from '../collector/aggregate/job.ts';
import { readLogFormat } from '../collector/parse/access/format/log-format.ts';
import { createAccessLines } from '../collector/parse/access/lines.ts';
import { createAccessMatcher } from '../collector/parse/access/match/matcher.ts';
import { format } from './generate.ts';

const newline = 10;

function forEachChunk(file: string, take: (chunk: Buffer) => void): void {
  const fd = openSync(file, 'r');
  const buffer = Buffer.allocUnsafe(65_536);
  for (;;) {
    const length = readSync(fd, buffer);
    if (length === 0) break;
    take(buffer.subarray(0, length));
  }
  closeSync(fd);
}

function countNewlines(chunk: Buffer): number {
  let count = 0;
  for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, at + 1)) count++;
  return count;
}

/** The floor: Node reads the file and finds its newlines. */
export function bareScan(file: string): number {
  let count = 0;
  forEachChunk(file, (chunk) => {
    count += countNewlines(chunk);
  });
  return count;
}

const idle = { cpuUs: 0, residentBytes: 0, lateTicks: 0 };
const totals = { read: 0, unmatched: 0, foreign: 0, forged: 0, overlong: 0, lost: 0 };
const health = { errorLogsFine: true, accessLogsFine: true, lines: totals, behindBytes: 0, ok: 1, failing: 0 };

/** Ours, complete: match, count, and every `tickLines` lines a snapshot, its plan and the protocol text. */
export function ourScan(file: string, tickLines = 100_000): number {
  const result = readLogFormat(format);
  if ('problem' in result) throw new Error(result.problem);
  const { match, record, program } = createAccessMatcher(result.format);
  const aggregate = createJobAggregate({
    job: 'bench',
    caps: { log: 50, configured: 1000 },
    upstreamOf: (peer, host) => host ?? peer,
  });
  const counter = aggregate.addAccessLog({ record, fields: program.has, legacyConnectTime: false, protocol: null });
  let drawn = nothingDrawn;
  let nowUs = 0;
  let count = 0;
  let told = 0;
  let written = 0;
  const tick = () => {
    nowUs += 1_000_000;
    const context = { nowUs, updateEvery: 1, dialect: dialectOf('v2.0.0') };
    const next = plan(catalogue, aggregate.snapshot(nowUs, health, idle), drawn, context);
    drawn = next.drawn;
    written += encode(next.actions).length;
    aggregate.beginTick(nowUs);
  };
  const lines = createAccessLines(match, {
    matched() {
      counter.line();
      count++;
    },
    unmatched() {
      throw new Error('a generated line did not match');
    },
    overlong() {
      throw new Error('a generated line is too long');
    },
  });
  aggregate.beginTick(0);
  forEachChunk(file, (chunk) => {
    lines.chunk(chunk);
    // As in the plugin, between two readings and not inside a line.
    if (count - told < tickLines) return;
    told += tickLines;
    tick();
  });
  if (written === 0) tick();
  if (written === 0) throw new Error('nothing was drawn');
  return count;
}
