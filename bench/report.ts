import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
    passes: value('passes', 3),
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

interface Measured {
  readonly name: string;
  /** Microseconds of CPU per line. */
  readonly perLine: number;
}

/** The best of `passes`: on a machine that others use, too, only the fastest run says something about the program. */
async function best(name: string, passes: number, count: number, once: () => Promise<number>): Promise<Measured> {
  let least = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < passes; pass++) least = Math.min(least, await once());
  return { name, perLine: least / count };
}

async function throughput(dir: string, { lines: count, passes }: Options): Promise<string> {
  const file = writeLog(dir, count);
  const bytes = readFileSync(file).length / count;
  const [mawk, mtail] = [await tool('mawk'), await tool('mtail')];
  const progs = join(dir, 'progs');
  const awk = join(dir, 'count.awk');
  writeFileSync(awk, mawkProgram);
  await run('mkdir', ['-p', progs]);
  writeFileSync(join(progs, 'count.mtail'), mtailProgram);
  const ours = await best('ours, all of it', passes, count, () => scanned('ours', file));
  const rows = [
    await best('bare newline scan by Node', passes, count, () => scanned('bare', file)),
    ours,
    await best('ours, the first pass (code still cold)', passes, count, () => scanned('cold', file)),
    await best('mawk: statuses, sum of connect times', passes, count, () =>
      timed(mawk.path, ['-f', awk, file], mawk.env),
    ),
    await best('mtail: the same', 1, count, () =>
      timed(mtail.path, ['--one_shot', '--progs', progs, '--logs', file, '--logtostderr'], mtail.env),
    ),
  ];
  const bare = rows[0]?.perLine ?? 1;
  return table(
    [`${count} lines of ${bytes.toFixed(0)} bytes`, 'µs of CPU per line', 'times the bare scan', 'ours is'],
    rows.map(({ name, perLine }) => [
      name,
      perLine.toFixed(3),
      (perLine / bare).toFixed(1),
      name.startsWith('ours') ? '' : `${(ours.perLine / perLine).toFixed(2)} of it`,
    ]),
  );
}

async function scanned(mode: string, file: string): Promise<number> {
  const { stdout, stderr, code } = await run(process.execPath, [process.argv[1] ?? '', mode, file], {
    timeout: 300_000,
  });
  if (code !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as { cpuUs: number }).cpuUs;
}

/** User and system time of a whole program, microseconds. */
async function timed(path: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const script = 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>&1';
  const { stderr } = await run('bash', ['-c', script, 'time', path, ...args], { env, timeout: 600_000 });
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
