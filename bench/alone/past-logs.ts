/** `npm run bench past-logs [MB]`: `report` over generated logs, its counts compared with the generator's. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { runReport, writeReportLogs } from '../../test/support/logs/report-run.ts';

export async function reportPastLogs(megabytes: number): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'nginx-upstream-bench-'));
  try {
    const { files, expected, bytes } = writeReportLogs(dir, megabytes * 1e6);
    const { json, seconds, cpuSeconds, peakMb } = await runReport(dir, files);
    const lines = expected.errorLines + expected.accessLines;
    const found = [json.errors.lines, json.errors.byKind, json.access.lines, json.access.byStatus, json.timeline];
    const { errorLines, byKind, accessLines, byStatus, timeline } = expected;
    const isEqual = isDeepStrictEqual(found, [errorLines, byKind, accessLines, byStatus, timeline]);
    const mb = bytes / 1e6;
    return (
      `${mb.toFixed(0)} MB, ${lines} lines (${errorLines} of error logs): ${seconds.toFixed(1)} s, ` +
      `${cpuSeconds.toFixed(1)} s of CPU, ${(mb / seconds).toFixed(0)} MB/s, ${(mb / cpuSeconds).toFixed(0)} MB per CPU second, ` +
      `${peakMb.toFixed(0)} MB resident at most; counts ${isEqual ? 'equal to' : 'DIFFERENT from'} the generator's\n`
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
