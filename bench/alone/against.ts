/**
 * `npm run bench against PLUGIN [LINES]`: this build against another one, by turns and on the same files. Each figure is
 * the least CPU of five runs; of a quiet tick and of a steady load, both run at the same time.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { run } from '../../test/support/run.ts';
import { format } from '../generate.ts';
import { builtPlugin, cpuOf } from '../process.ts';
import { writeAccessLog } from '../rows/access.ts';
import { startOnLargeLog, steady } from '../steady.ts';
import { writeStorm } from '../storm.ts';

const rounds = 5;

type Work = (plugin: string) => Promise<number>;

/** @returns the least of each, [before, now] */
async function byTurns(other: string, work: Work): Promise<readonly [number, number]> {
  const [before, now]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    before.push(await work(other));
    now.push(await work(builtPlugin));
  }
  return [Math.min(...before), Math.min(...now)];
}

const report = (files: readonly string[]): Work => {
  const ofPlugin = (plugin: string) => [plugin, 'report', '--json', '--format', format, ...files];
  return async (plugin) => (await cpuOf(process.execPath, ofPlugin(plugin))) / 1000;
};

/** Both at once: what else the machine does is the same for both. */
async function sideBySide(dir: string, other: string, what: string, rate: number): Promise<readonly string[]> {
  const [before, now] = await Promise.all([
    steady(join(dir, `before${rate}`), rate, 60, { file: other }),
    steady(join(dir, `now${rate}`), rate, 60),
  ]);
  const row = (name: string, a: number, b: number, unit: string) =>
    `| ${what}, ${name} | ${a.toFixed(2)} ${unit} | ${b.toFixed(2)} ${unit} | ${(b / a).toFixed(2)} |`;
  return [
    row('CPU of a tick', before.tickMs, now.tickMs, 'ms'),
    row('first minute', before.firstMinute, now.firstMinute, '% of a core'),
    row('resident after two minutes', before.residentMb, now.residentMb, 'MB'),
  ];
}

async function isSameReport(other: string, files: readonly string[]): Promise<boolean> {
  const [a, b] = await Promise.all(
    [other, builtPlugin].map((plugin) =>
      run(process.execPath, [plugin, 'report', '--json', '--format', format, ...files]),
    ),
  );
  return a?.code === 0 && a.stdout === b?.stdout;
}

export async function reportAgainst(other: string, lines: number): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'nginx-upstream-bench-'));
  const errors = writeStorm(dir, lines);
  const access = join(dir, 'access.log');
  writeAccessLog(access, lines);
  mkdirSync(join(dir, 'many'));
  const many = Array.from({ length: 200 }, (_, i) => join(dir, 'many', `access.log.${i}`));
  for (const [i, file] of many.entries()) writeAccessLog(file, Math.ceil(lines / many.length), i + 1);
  const packed = `${access}.1.gz`;
  writeFileSync(packed, gzipSync(readFileSync(access)));
  let starts = 0;
  const works: readonly (readonly [string, Work])[] = [
    [`\`report\`, ${lines} error lines`, report([errors])],
    [`\`report\`, ${lines} access lines`, report([access])],
    [`\`report\`, ${lines} access lines in ${many.length} files`, report(many)],
    [`\`report\`, ${lines} access lines, .gz`, report([packed])],
    ['`--version`', async (plugin) => (await cpuOf(process.execPath, [plugin, '--version'])) / 1000],
    [
      'start on two logs of 5 GB, until the first tick',
      async (plugin) => (await startOnLargeLog(join(dir, `start${starts++}`), plugin)).cpuMs,
    ],
  ];
  try {
    const rows: string[] = [];
    for (const [what, work] of works) {
      const [before, now] = await byTurns(other, work);
      rows.push(`| ${what} | ${before.toFixed(0)} ms | ${now.toFixed(0)} ms | ${(now / before).toFixed(2)} |`);
    }
    rows.push(...(await sideBySide(dir, other, '50 quiet peers', 0)));
    rows.push(...(await sideBySide(dir, other, '10,000 access lines/s', 10_000)));
    const [large, size] = [statSync(other).size, statSync(builtPlugin).size];
    rows.push(`| the built file | ${large} B | ${size} B | ${(size / large).toFixed(2)} |`);
    const isSame = await isSameReport(other, [errors, access, packed]);
    return `| CPU | before | now | ratio |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n\n${isSame ? 'Both print the same report.' : 'THE REPORTS DIFFER.'}\n`;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
