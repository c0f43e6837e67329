/** The complete bench: everything that has a target, measured in one run on the same files. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { longPasses, type Options, readOptions } from './options.ts';
import { accessRows } from './rows/access.ts';
import { elsewhere } from './rows/elsewhere.ts';
import { errorRows } from './rows/errors.ts';
import { fileRows } from './rows/files.ts';
import { hourRows } from './rows/hour.ts';
import { startRows } from './rows/start.ts';
import { steadyRows } from './rows/steady.ts';
import { stormRows } from './rows/storms.ts';
import { type Row, table, writeBetweenMarks } from './table.ts';

interface Part {
  readonly name: string;
  /** About so long, for the progress line. */
  readonly seconds: number;
  readonly measure: (dir: string, options: Options) => Promise<readonly Row[]>;
}

const partsOf = (options: Options): readonly Part[] => {
  const { lines, passes, seconds, stormSeconds, minutes } = options;
  const [millions, runs] = [lines / 1e6, longPasses(options)];
  return [
    { name: 'access lines', seconds: millions * (8 + 2 * passes), measure: accessRows },
    { name: 'error lines', seconds: millions * (10 + 4 * passes), measure: errorRows },
    { name: 'many files', seconds: millions * (8 + 3 * passes), measure: fileRows },
    { name: 'start', seconds: 4 * runs, measure: startRows },
    { name: 'storms', seconds: 35 * runs + 25 + stormSeconds, measure: stormRows },
    { name: 'steady load', seconds: (120 + 2 * seconds) * runs, measure: steadyRows },
    { name: 'an hour', seconds: minutes * 60, measure: hourRows },
  ];
};

/** Measures everything and gives one table as Markdown. A part that cannot be measured is a row that says why. */
export async function report(args: readonly string[]): Promise<string> {
  const options = readOptions(args);
  const parts = partsOf(options);
  const began = performance.now();
  const head = machine();
  const rows: Row[] = [];
  for (const [at, part] of parts.entries()) {
    const left = parts.slice(at).reduce((sum, { seconds }) => sum + seconds, 0);
    const passed = (performance.now() - began) / 1000;
    say(`${at + 1} of ${parts.length}, ${part.name}; ${minutesOf(passed)} so far, about ${minutesOf(left)} left`);
    rows.push(...(await measured(part, options)));
  }
  rows.push(...elsewhere);
  const text = `${head}, ${minutesOf((performance.now() - began) / 1000)}\n\n${table(rows)}\n`;
  if (options.markdown !== null) writeBetweenMarks(options.markdown, text);
  return text;
}

async function measured({ name, measure }: Part, options: Options): Promise<readonly Row[]> {
  const dir = mkdtempSync(join(tmpdir(), 'nginx-upstream-bench-'));
  try {
    return await measure(dir, options);
  } catch (error) {
    say(`${name}: ${error}`);
    return [{ what: name, target: '', measured: `NOT MEASURED: ${error}`, isMet: false }];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function say(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}

const minutesOf = (seconds: number): string => `${(seconds / 60).toFixed(1)} min`;

function machine(): string {
  const [first] = cpus();
  const date = new Date().toISOString().slice(0, 10);
  const load = readFileSync('/proc/loadavg', 'utf8').split(' ')[0];
  return `${date}, Node ${process.versions.node}, ${cpus().length} × ${first?.model.trim()}, load before ${load}`;
}
