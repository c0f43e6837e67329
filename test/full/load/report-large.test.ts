/** `report` over hundreds of megabytes: every count equals the generator's, and memory is bounded. */
import { expect, test } from 'vitest';
import { nearestRank } from '../../support/logs/report-logs.ts';
import { runReport, writeReportLogs } from '../../support/logs/report-run.ts';
import { tempDir } from '../../support/temp.ts';

test('300 MB of error and access logs, newest first', async () => {
  const dir = tempDir('report-large');
  const { files, expected, bytes } = writeReportLogs(dir, 300e6);
  const { json, seconds, peakMb } = await runReport(dir, files);
  console.log(`${(bytes / 1e6).toFixed(0)} MB in ${seconds.toFixed(1)} s, ${peakMb.toFixed(0)} MB resident at most`);
  expect(json.errors).toEqual({ lines: expected.errorLines, unmatched: 0, byKind: expected.byKind });
  expect(json.access).toEqual({ lines: expected.accessLines, unmatched: 0, byStatus: expected.byStatus });
  expect(json.timeline).toEqual(expected.timeline);
  for (const { peer, attempts, connectMs } of json.peers) {
    const samples = expected.connectMs[peer] ?? [];
    expect([peer, attempts]).toEqual([peer, expected.attempts[peer]]);
    const [p50, p99] = [50, 99].map((percent) => nearestRank(samples, percent));
    expect(connectMs).toMatchObject({ count: samples.length, p50, p99 });
  }
  expect(bytes).toBeGreaterThan(250e6);
  // Buffers and V8's young generation beside the heap, which report-run.ts keeps small; all of the logs would be 300.
  expect(peakMb).toBeLessThan(280);
});
