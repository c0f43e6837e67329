/** A storm of error lines in the plugin: all at once, and for a minute. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { longPasses, type Options } from '../options.ts';
import { type Storm, stormAtOnce, stormFor } from '../storm.ts';
import { type Row, runsOf } from '../table.ts';

const isExact = ({ lines, counted }: Storm): boolean => lines === counted;
const exact = (storm: Storm): string => (isExact(storm) ? 'each counted once' : `${storm.counted} COUNTED`);
const late = (storms: readonly Storm[]): string => storms.map((storm) => `${storm.late} of ${storm.ticks}`).join(', ');
const isLate = (storms: readonly Storm[]): boolean => storms.some((storm) => storm.late > 0);

export async function stormRows(dir: string, options: Options): Promise<readonly Row[]> {
  const { stormLines, stormSeconds } = options;
  const storms: Storm[] = [];
  for (let pass = 0; pass < longPasses(options); pass++) {
    storms.push(await stormAtOnce(join(dir, `storm${pass}`), stormLines));
    rmSync(join(dir, `storm${pass}`), { recursive: true });
  }
  const perLine = runsOf(storms.map(({ usPerLine }) => usPerLine));
  const memory = runsOf(
    storms.map(({ residentMb }) => residentMb),
    0,
  );
  const wrong = storms.find((storm) => !isExact(storm));
  const lasting = await stormFor(join(dir, 'lasting'), 50_000, stormSeconds);
  return [
    {
      what: `${stormLines} refused lines at once, plugin, from cold code on`,
      target: 'at most 1.2 µs a line, each counted once',
      measured: `${perLine.spread} µs a line, ${exact(wrong ?? (storms[0] as Storm))}, ${memory.spread} MB at most`,
      isMet: wrong === undefined && perLine.least <= 1.2,
    },
    {
      what: `50,000 error lines/s for ${stormSeconds} s, plugin`,
      target: 'at most 1.2 µs a line, each counted once',
      measured:
        `${lasting.usPerLine.toFixed(2)} µs a line, ${exact(lasting)}, ${lasting.corePercent.toFixed(1)} % of a core, ` +
        `${lasting.residentMb.toFixed(0)} MB at most`,
      isMet: isExact(lasting) && lasting.usPerLine <= 1.2,
    },
    {
      what: 'late ticks in these storms (half a second or more)',
      target: 'none',
      measured: `at once: ${late(storms)}; 50,000/s: ${late([lasting])}`,
      isMet: !isLate([...storms, lasting]),
    },
  ];
}
