/** The steady load for an hour: does memory grow? Only where it is asked for. */
import { join } from 'node:path';
import type { Options } from '../options.ts';
import { nodeFloor } from '../process.ts';
import { residentOverTime } from '../steady.ts';
import type { Row } from '../table.ts';
import { rate } from './steady.ts';

/** What the first minutes bring is no growth. */
const settledMinutes = 10;
const noGrowthMb = 2;

export async function hourRows(dir: string, { minutes }: Options): Promise<readonly Row[]> {
  const what = `resident memory under ${rate} access lines/s for an hour`;
  const target = "Node's floor + 20 MB, no growth";
  if (minutes === 0) return [{ what, target, measured: 'not run: `-- --minutes 60`', isMet: null }];
  const floor = await nodeFloor();
  const { residentMb, late, ticks } = await residentOverTime(join(dir, 'hour'), rate, minutes);
  const settled = residentMb.slice(Math.min(settledMinutes, residentMb.length - 1));
  const half = Math.ceil(settled.length / 2);
  // The young generation grows and shrinks with the rate: its highest point is compared, not a moment.
  const [before, after] = [Math.max(...settled.slice(0, half)), Math.max(...settled.slice(-half))];
  const above = (mb: number) => `+ ${(mb - floor).toFixed(0)} MB`;
  return [
    {
      what: what.replace('an hour', `${minutes} min`),
      target,
      measured:
        `${floor.toFixed(0)} MB ${above(Math.min(...settled))} to ${above(Math.max(...settled))}; highest in the first half ` +
        `${above(before)}, in the second ${above(after)}; ${late} of ${ticks} ticks late`,
      isMet: after - floor <= 20 && after - before <= noGrowthMb,
    },
  ];
}
