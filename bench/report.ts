import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { tool } from '../test/support/packages.ts';
import { run } from '../test/support/run.ts';
import { format, lines } from './generate.ts';
import { mawkProgram, mtailProgram } from './others.ts';
import { type Load, nodeFloor, steady } from './steady.ts';

interface Options {
  readonly lines: number;
  readonly passes: number;
  readonly seconds: number;
  readonly rates: readonly number[];
}

/** Measures everything in one run, on the same file, and gives the tables as Markdown. */
export async function report(args: readonly string[]): Promise<string> {
  const options = readOptions(args);
  const dir = mkdtempSync(join(tmpdir(), 'nginx-upstream-bench-'));
  try {
    return `${machine()}\n\n${await throughput(dir, options)}\n\n${await underLoad(dir, options)}\n`;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function readOptions(args: readonly string[]): Options {
  const value = (name: string, fallback: number) => {
    const at = args.indexOf(`--${name}`);
    const found = at === -1 ? fallback : Number(args[at + 1]);
    if (!Number.isInteger(found) || found < 1) throw new Error(`--${name} needs a whole number`);
    return found;
  };
  return {
    lines: value('lines', 1_000_000),
    passes: value('passes', 5),
    seconds: value('seconds', 20),
    rates: [1000, 10_000, 50_000],
  };
}

function machine(): string {
  const [first] = cpus();
  const date = new Date().toISOString().slice(0, 10);
  return `${date}, Node ${process.versions.node}, ${cpus().length} × ${first?.model.trim()}, load before ${readFileSync('/proc/loadavg', 'utf8').split(' ')[0]}`;
}

const piece = 50_000;

function writeLog(dir: string, count: number): string {
  const file = join(dir, 'access.log');
  writeFileSync(file, '');
  for (let written = 0, seed = 1; written < count; written += piece, seed++) {
    appendFileSync(file, lines(Math.min(piece, count - written), seed));
  }
  return file;
}

/** A program that reads the file; `runs` times. */
interface Contender {
  readonly name: string;
  readonly runs: number;
  readonly run: () => Promise<number>;
}

/**
 * The least CPU of each, microseconds, their runs taking turns: on a machine that others use, too, only the fastest run
 * says something about a program, and all must have had the same chances.
 */
async function leastOf(contenders: readonly Contender[]): Promise<number[]> {
  const least = contenders.map(() => Number.POSITIVE_INFINITY);
  const rounds = Math.max(...contenders.map(({ runs }) => runs));
  for (let round = 0; round < rounds; round++) {
    for (const [i, { runs, run: once }] of contenders.entries()) {
      if (round < runs) least[i] = Math.min(least[i] ?? 0, await once());
    }
  }
  return least;
}

async function throughput(dir: string, { lines: count, passes }: Options): Promise<string> {
  const file = writeLog(dir, count);
  const bytes = readFileSync(file).length / count;
  const [mawk, mtail] = [await tool('mawk'), await tool('mtail')];
  const progs = join(dir, 'progs');
  const awk = join(dir, 'count.awk');
  mkdirSync(progs);
  writeFileSync(awk, mawkProgram);
  writeFileSync(join(progs, 'count.mtail'), mtailProgram);
  const self = process.argv[1] ?? '';
  const { env } = process;
  const contenders: Contender[] = [
    { name: 'bare newline scan by Node', runs: passes, run: () => cpuOf(process.execPath, [self, 'bare', file], env) },
    { name: 'ours, all of it', runs: passes, run: () => cpuOf(process.execPath, [self, 'ours', file], env) },
    {
      name: 'mawk: statuses, sum of connect times',
      runs: passes,
      run: () => cpuOf(mawk.path, ['-f', awk, file], mawk.env),
    },
    {
      name: 'mtail: the same',
      runs: 1,
      run: () => cpuOf(mtail.path, ['--one_shot', '--progs', progs, '--logs', file, '--logtostderr'], mtail.env),
    },
  ];
  const [bare = 1, ours = 1, ...others] = (await leastOf(contenders)).map((cpu) => cpu / count);
  const row = ({ name }: Contender, perLine: number) => [name, perLine.toFixed(3), (perLine / bare).toFixed(1)];
  const [first, second, ...more] = contenders;
  return table(
    [`${count} lines of ${bytes.toFixed(0)} bytes`, 'µs of CPU per line', 'times the bare scan', 'ours is'],
    [
      ...(first ? [[...row(first, bare), '']] : []),
      ...(second ? [[...row(second, ours), '']] : []),
      ...more.map((of, i) => [...row(of, others[i] ?? 0), `${(ours / (others[i] ?? 1)).toFixed(2)} of it`]),
    ],
  );
}

/** User and system time of a whole program, microseconds. */
async function cpuOf(path: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const script = 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>&1';
  const { stderr, code } = await run('bash', ['-c', script, 'time', path, ...args], { env, timeout: 600_000 });
  if (code !== 0) throw new Error(`${path} failed with ${code}`);
  const [user = 0, system = 0] = stderr.trim().split(' ').map(Number);
  return (user + system) * 1e6;
}

async function underLoad(dir: string, { seconds, rates }: Options): Promise<string> {
  const floor = await nodeFloor();
  const rows: string[][] = [];
  for (const rate of rates) {
    const found = await steady(dir, format, rate, seconds);
    rows.push([
      `${rate} lines/s`,
      ...cells(found.ours),
      ...cells(found.bareTail),
      (found.ours.cpu / found.bareTail.cpu).toFixed(1),
    ]);
  }
  const head = [
    `tailing for ${seconds} s`,
    'ours: % of a core',
    'MB resident',
    'bare tail: % of a core',
    'MB resident',
    'times',
  ];
  return `${table(head, rows)}\n\nNode that does nothing: ${floor.toFixed(1)} MB resident.`;
}

const cells = ({ cpu, residentMb }: Load): string[] => [(cpu * 100).toFixed(2), residentMb.toFixed(1)];

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cellsOf) => `| ${cellsOf.join(' | ')} |`).join('\n');
}
