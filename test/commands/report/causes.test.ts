/** What `report` makes of incidents: no story that the log cannot know. */
import { expect, test } from 'vitest';
import { createReportTotals } from '../../../collector/aggregate/report/totals.ts';
import { causesOf, signsOf } from '../../../collector/commands/report/output/causes.ts';
import { renderReport } from '../../../collector/commands/report/output/text.ts';
import { readLogFormat } from '../../../collector/parse/access/format/log-format.ts';
import { createAccessMatcher } from '../../../collector/parse/access/match/matcher.ts';
import { parseErrorLine } from '../../../collector/parse/error/line.ts';
import { wallSecondOf } from '../../../collector/parse/wall-clock.ts';

const at = (time: string, message: string, peer: string) =>
  `2026/11/22 ${time} [error] 7#7: *1 ${message} while connecting to upstream, client: 10.0.0.9, server: , request: "GET / HTTP/1.1", upstream: "http://${peer}/", host: "x"`;
const refused = 'connect() failed (111: Connection refused)';

function reportOf(lines: readonly string[], access: { format: string; lines: readonly string[] } | null = null) {
  const totals = createReportTotals((peer) => peer);
  for (const text of lines) {
    const line = parseErrorLine(text);
    if (line === null) throw new Error(text);
    totals.errorLine(line, wallSecondOf(line.time ?? ''));
  }
  if (access !== null) {
    const result = readLogFormat(access.format);
    if ('problem' in result) throw new Error(result.problem);
    const { match, record, program } = createAccessMatcher(result.format);
    const log = totals.addAccessLog(record, program.has);
    for (const text of access.lines) {
      expect(match(Buffer.from(`${text}\n`), 0)).toBeGreaterThan(0);
      const second = wallSecondOf('2026-11-22T07:00:10');
      expect(totals.accessLine(second)).toBe(true);
      log.line(second);
    }
    log.end();
  }
  return totals.result();
}

const text = (report: ReturnType<typeof reportOf>) =>
  renderReport(report, { paint: (_, each) => each, width: null }).join('\n');

test.each([
  ['when the log begins', '07:00:00', '07:00:01', ''],
  ['when the log begins, a little later', '07:00:00', '07:00:04', ''],
  ['while the log continues', '06:00:00', '07:00:01', '2 peers began to refuse at the same moment'],
])('two peers that refuse %s', (_, first, second, sign) => {
  const other = at(first, 'upstream prematurely closed connection', '10.0.0.9:80');
  const both = [at(second, refused, '10.0.0.1:80'), at(second, refused, '10.0.0.2:80')];
  expect(signsOf(reportOf([other, ...both])).join()).toContain(sign);
  if (sign === '') expect(signsOf(reportOf([other, ...both])).join()).not.toContain('same moment');
});

test.each([
  ['[::1]:80', 'Ports are not used up'],
  ['[2001:db8::7]:80', 'Ports are not used up'],
  ['10.0.0.1:80', 'no local port left'],
])('errno 99 towards %s', (peer, meaning) => {
  const report = reportOf([at('07:00:00', `connect() to ${peer} failed (99: Cannot assign requested address)`, peer)]);
  expect(causesOf(report)[0]?.meaning).toContain(meaning);
});

const noLive = at('07:00:10', 'no live upstreams', 'shop');

test('an upstream without a live peer: its clients are counted by its name', () => {
  const format = '$remote_addr $status $upstream_addr $upstream_status $upstream_connect_time';
  const report = reportOf([noLive], { format, lines: ['10.0.0.9 502 shop 502 -', '10.0.0.9 502 shop 502 -'] });
  expect(report.timeline[0]).toMatchObject({ peer: 'shop', kind: 'no_live', noticed: { affected: 2, masked: 0 } });
  expect(text(report)).toContain('2 failed');
});

test.each([
  [
    'combined has only the status',
    '10.0.0.9 - - [22/Nov/2026:07:00:10 +0000] "GET / HTTP/1.1" 502 5 "-" "-"',
    '1 × 502',
  ],
  [
    'and no error of it',
    '10.0.0.9 - - [22/Nov/2026:07:00:10 +0000] "GET / HTTP/1.1" 200 5 "-" "-"',
    'no 502, 503 or 504',
  ],
])('whenever an access log was read, the headline has the count: %s', (_, line, count) => {
  const [first = ''] = text(reportOf([noLive], { format: 'combined', lines: [line] })).split('\n');
  expect(first).toContain(`All clients of the server got ${count}`);
});

test.each<[string, readonly (readonly [time: string, peer: string])[], boolean]>([
  [
    'one after the other',
    [
      ['07:00:00', '10.0.0.1:80'],
      ['07:00:02', '10.0.0.1:80'],
      ['07:00:09', '10.0.0.2:80'],
      ['07:00:11', '10.0.0.2:80'],
    ],
    true,
  ],
  [
    'both at once: no deploy',
    [
      ['07:00:00', '10.0.0.1:80'],
      ['07:00:00', '10.0.0.2:80'],
      ['07:00:02', '10.0.0.1:80'],
      ['07:00:02', '10.0.0.2:80'],
    ],
    false,
  ],
  [
    'one while the other still refuses',
    [
      ['07:00:00', '10.0.0.1:80'],
      ['07:00:03', '10.0.0.2:80'],
      ['07:00:05', '10.0.0.1:80'],
      ['07:00:06', '10.0.0.2:80'],
    ],
    false,
  ],
])('peers in turn: %s', (_, events, expected) => {
  const signs = signsOf(reportOf(events.map(([time, peer]) => at(time, refused, peer))));
  expect(signs.some((sign) => sign.includes('in turn'))).toBe(expected);
});
