/** Access lines, against a bare scan and against mawk: complete programs. */
import { appendFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tool } from '../../test/support/servers/packages.ts';
import { lines } from '../generate.ts';
import type { Options } from '../options.ts';
import { mawkProgram } from '../others.ts';
import { cpuOf } from '../process.ts';
import { type Row, runsOf } from '../table.ts';

const piece = 50_000;

export function writeAccessLog(file: string, count: number, firstSeed = 1): void {
  writeFileSync(file, '');
  for (let written = 0, seed = firstSeed; written < count; written += piece, seed++) {
    appendFileSync(file, lines(Math.min(piece, count - written), seed));
  }
}

export async function accessRows(dir: string, { lines: count, passes }: Options): Promise<readonly Row[]> {
  const file = join(dir, 'access.log');
  writeAccessLog(file, count);
  const mawk = await tool('mawk');
  const awk = join(dir, 'count.awk');
  writeFileSync(awk, mawkProgram);
  const self = process.argv[1] ?? '';
  const [bare, ours, others]: [number[], number[], number[]] = [[], [], []];
  for (let pass = 0; pass < passes; pass++) {
    bare.push((await cpuOf(process.execPath, [self, 'bare', file])) / count);
    ours.push((await cpuOf(process.execPath, [self, 'ours', file])) / count);
    others.push((await cpuOf(mawk.path, ['-f', awk, file], mawk.env)) / count);
  }
  const [ourRuns, bareRuns, mawkRuns] = [runsOf(ours), runsOf(bare), runsOf(others)];
  const times = ourRuns.least / bareRuns.least;
  const ofMawk = ourRuns.least / mawkRuns.least;
  return [
    {
      what: `access lines, ${count} of ${(statSync(file).size / count).toFixed(0)} B, complete programs`,
      target: 'at most 4.5 times a bare scan by Node',
      measured: `${times.toFixed(1)} times: ${ourRuns.spread} µs against ${bareRuns.spread}`,
      isMet: times <= 4.5,
    },
    {
      what: 'the same, against mawk',
      target: 'at most 4/5 of it',
      measured: `${ofMawk.toFixed(2)} of it: mawk ${mawkRuns.spread} µs`,
      isMet: ofMawk <= 0.8,
    },
  ];
}
