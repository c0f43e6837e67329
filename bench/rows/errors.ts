/** Error lines of an outage in `report`, against what one would type. */
import type { Options } from '../options.ts';
import { pastStorm, writeStorm } from '../storm.ts';
import { type Row, runsOf } from '../table.ts';

export async function errorRows(dir: string, { lines: count, passes }: Options): Promise<readonly Row[]> {
  const file = writeStorm(dir, count);
  const found = [];
  for (let pass = 0; pass < passes; pass++) found.push(await pastStorm(file, count));
  const ours = runsOf(found.map((each) => each.report));
  const grep = runsOf(found.map((each) => each.grep));
  const times = ours.least / grep.least;
  return [
    {
      what: `error lines, ${count}, \`report\`, complete program`,
      target: 'at most 1.2 µs',
      measured: `${ours.spread} µs`,
      isMet: ours.least <= 1.2,
    },
    {
      what: 'the same, against `grep \\| grep -oP \\| sort \\| uniq -c`',
      target: 'at most twice its CPU',
      measured: `${times.toFixed(1)} times: ${grep.spread} µs by hand`,
      isMet: times <= 2,
    },
  ];
}
