/**
 * Large logs with known counts, and the built `report` over them: what it said, how long it took, how much memory.
 *
 *   const { files, expected, bytes } = writeReportLogs(dir, 300e6);
 *   const { json, seconds, peakMb } = await runReport(dir, files);
 */

import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtPlugin } from '../repository.ts';
import { run } from '../run.ts';
import { reportFormat, reportLogs } from './report-logs.ts';

const perSecond = 200;
/** One of the generated access lines, or an error line with half an access line each; bytes, about. */
const bytesPerRequest = 300;

/** Rotated once: the older half of each log in its own file. */
export function writeReportLogs(dir: string, bytesWanted: number) {
  const minutes = Math.ceil(bytesWanted / bytesPerRequest / perSecond / 60);
  const third = Math.max(1, Math.floor(minutes / 3));
  const pieces = reportLogs({
    minutes,
    perSecond,
    outages: [
      { peer: '10.0.0.1:8080', kind: 'refused', fromMinute: 0, minutes: third },
      { peer: '10.0.0.2:8080', kind: 'timed_out', fromMinute: minutes - third, minutes: Math.max(1, third - 2) },
    ],
  });
  const files = ['error.log', 'error.log.1', 'access.log', 'access.log.1'].map((name) => join(dir, name));
  for (const file of files) writeFileSync(file, '');
  const [newError = '', oldError = '', newAccess = '', oldAccess = ''] = files;
  let bytes = 0;
  let second = 0;
  const pending = { error: '', access: '' };
  const flush = (isOld: boolean) => {
    appendFileSync(isOld ? oldError : newError, pending.error);
    appendFileSync(isOld ? oldAccess : newAccess, pending.access);
    bytes += pending.error.length + pending.access.length;
    pending.error = '';
    pending.access = '';
  };
  for (let piece = pieces.next(); piece !== null; piece = pieces.next(), second++) {
    pending.error += piece.error;
    pending.access += piece.access;
    if (second % 60 === 59) flush(second < minutes * 30);
  }
  return { files, expected: pieces.expected, bytes };
}

/** Runs the built plugin, in its own process that prints its peak memory when it ends. */
export async function runReport(dir: string, files: readonly string[]) {
  const preload = join(dir, 'measure.cjs');
  writeFileSync(
    preload,
    `process.on('exit', () => {
      const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
      require('fs').writeSync(2, JSON.stringify({ peakMb: maxRSS / 1024, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 }));
    });`,
  );
  const begin = process.hrtime.bigint();
  // A heap that is full ends it: what grows with the logs would.
  const args = [
    '--max-old-space-size=64',
    '-r',
    preload,
    builtPlugin,
    'report',
    '--json',
    '--format',
    reportFormat,
    ...files,
  ];
  const { code, stdout, stderr } = await run(process.execPath, args, { timeout: 600_000 });
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  if (code !== 0) throw new Error(`report ended with ${code}: ${stderr}`);
  const { peakMb, cpuSeconds } = JSON.parse(stderr) as { peakMb: number; cpuSeconds: number };
  return { json: JSON.parse(stdout) as ReportJson, seconds, cpuSeconds, peakMb };
}

export interface ReportJson {
  readonly errors: { readonly lines: number; readonly unmatched: number; readonly byKind: Record<string, number> };
  readonly access: { readonly lines: number; readonly unmatched: number; readonly byStatus: Record<string, number> };
  readonly peers: readonly {
    readonly peer: string;
    readonly upstream: string;
    readonly failures: Record<string, number>;
    readonly attempts: number;
    readonly connectMs: Record<string, number | null>;
  }[];
  readonly timeline: readonly Record<string, unknown>[];
}
