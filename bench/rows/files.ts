/** `report` over many files, against one file with the same lines. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { format } from '../generate.ts';
import type { Options } from '../options.ts';
import { builtPlugin, cpuOf } from '../process.ts';
import { type Row, runsOf } from '../table.ts';
import { writeAccessLog } from './access.ts';

const files = 200;

export async function fileRows(dir: string, { lines: count, passes }: Options): Promise<readonly Row[]> {
  const one = join(dir, 'access.log');
  writeAccessLog(one, count);
  mkdirSync(join(dir, 'many'));
  const many = Array.from({ length: files }, (_, i) => join(dir, 'many', `access.log.${i}`));
  for (const [i, file] of many.entries()) writeAccessLog(file, Math.ceil(count / files), i + 1);
  const report = (paths: readonly string[]) =>
    cpuOf(process.execPath, [builtPlugin, 'report', '--json', '--format', format, ...paths]);
  const [ofOne, ofMany]: [number[], number[]] = [[], []];
  for (let pass = 0; pass < passes; pass++) {
    ofOne.push((await report([one])) / count);
    ofMany.push((await report(many)) / count);
  }
  const [oneRuns, manyRuns] = [runsOf(ofOne), runsOf(ofMany)];
  const times = manyRuns.least / oneRuns.least;
  return [
    {
      what: `\`report\`, ${count} access lines in ${files} files, complete program`,
      target: 'at most 1.2 times the CPU of one file',
      measured: `${times.toFixed(2)} times: ${manyRuns.spread} µs a line against ${oneRuns.spread}`,
      isMet: times <= 1.2,
    },
  ];
}
