/** The plugin under a steady load, with nothing to do, and without a job. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { longPasses, type Options } from '../options.ts';
import { nodeFloor } from '../process.ts';
import { type Load, steady, warmUpSeconds } from '../steady.ts';
import { type Row, runsOf } from '../table.ts';

export const rate = 10_000;

const late = (loads: readonly Load[]): string => loads.map((load) => `${load.late} of ${load.ticks}`).join(', ');

export async function steadyRows(dir: string, options: Options): Promise<readonly Row[]> {
  const { seconds } = options;
  const [floors, loads, quiet, idle]: [number[], Load[], Load[], Load[]] = [[], [], [], []];
  for (let pass = 0; pass < longPasses(options); pass++) {
    floors.push(await nodeFloor());
    loads.push(await steady(join(dir, 'load'), rate, seconds));
    // Neither of these two takes a hundredth of a core.
    const both = [
      steady(join(dir, 'quiet'), 0, seconds),
      steady(join(dir, 'idle'), 0, seconds, { isIdle: true }),
    ] as const;
    quiet.push(await both[0]);
    idle.push(await both[1]);
    for (const name of ['load', 'quiet', 'idle']) rmSync(join(dir, name), { recursive: true });
  }
  const floor = Math.min(...floors);
  const cpu = runsOf(loads.map((load) => load.cpu));
  const first = runsOf(loads.map((load) => load.firstMinute));
  const tick = runsOf(quiet.map(({ tickMs }) => tickMs));
  const values = Math.max(...quiet.map(({ tickValues }) => tickValues));
  const above = (of: readonly Load[]) =>
    runsOf(
      of.map((load) => load.residentMb - floor),
      0,
    );
  const [loaded, resting] = [above(loads), above(quiet)];
  const idleCpu = runsOf(idle.map((load) => load.cpu));
  return [
    {
      what: `tailing ${rate} access lines/s, 50 peers, after ${warmUpSeconds} s`,
      target: 'under 1 % of a core',
      measured: `${cpu.spread} %`,
      isMet: cpu.least < 1,
    },
    {
      what: `the same in its first ${warmUpSeconds} s: start, and V8 compiles`,
      target: '',
      measured: `${first.spread} %`,
      isMet: null,
    },
    {
      what: 'a tick with 50 quiet peers',
      target: 'at most 2 ms of CPU, at most 1,000 values',
      measured: `${tick.spread} ms, ${values.toFixed(0)} values`,
      isMet: tick.least <= 2 && values <= 1000,
    },
    {
      what: `resident memory under that load, after ${warmUpSeconds + seconds} s`,
      target: "Node's floor + 20 MB",
      measured: `${floor.toFixed(0)} MB + ${loaded.spread} MB (quiet: + ${resting.spread} MB)`,
      isMet: loaded.least <= 20,
    },
    {
      what: 'late ticks under load and in peace',
      target: 'none',
      measured: `${rate} lines/s: ${late(loads)}; quiet: ${late(quiet)}`,
      isMet: [...loads, ...quiet].every((load) => load.late === 0),
    },
    { what: 'idle', target: 'under 0.3 % of a core', measured: `${idleCpu.spread} %`, isMet: idleCpu.least < 0.3 },
  ];
}
