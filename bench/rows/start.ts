/** The start on logs that are very large already. */
import { join } from 'node:path';
import { longPasses, type Options } from '../options.ts';
import { startOnLargeLog } from '../steady.ts';
import { type Row, runsOf } from '../table.ts';

export async function startRows(dir: string, options: Options): Promise<readonly Row[]> {
  const starts = [];
  for (let pass = 0; pass < longPasses(options); pass++) starts.push(await startOnLargeLog(join(dir, `large${pass}`)));
  const seconds = runsOf(starts.map((start) => start.seconds));
  const cpu = runsOf(
    starts.map((start) => start.cpuMs),
    0,
  );
  const most = Math.max(...starts.map(({ linesRead }) => linesRead));
  return [
    {
      what: 'start on two logs of 5 GB',
      target: 'under 1 s, reading none of it',
      measured: `first tick after ${seconds.spread} s and ${cpu.spread} ms of CPU; ${most} lines read`,
      isMet: seconds.least < 1 && most === 0,
    },
  ];
}
