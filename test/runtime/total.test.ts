/** Total means total: what nobody writes on purpose is read, or refused, and stops nothing. */
import { describe, expect, test } from 'vitest';
import { parseSettings } from '../../collector/config/parse.ts';
import { readLogFormat } from '../../collector/parse/access/format/log-format.ts';
import { createAccessMatcher } from '../../collector/parse/access/match/matcher.ts';
import { refusedLine, runtime } from './world.ts';

describe('a peer with bytes that no path can have', () => {
  test.each([
    'unix:/run/a\0b.sock:',
    'unix:\0abstract:',
    'unix:/run/\u0001\u001b[31m.sock:',
    `unix:/${'x'.repeat(1500)}:`,
    'unix:/run/\ufffd.sock:',
    '10.0.0.1\0:80',
    'a\0b',
  ])('%j: it is counted, diagnosed, and no such byte reaches Netdata', async (peer) => {
    const world = runtime({ '/l/e.log': '' });
    world.apply('jobs:\n  - name: a\n    error_log: /l/e.log\n');
    await world.until('the job', () => world.jobs().length === 1);
    let text = '';
    for (let second = 0; second < 15; second++) {
      world.append(
        '/l/e.log',
        refusedLine(peer).replace('(111: Connection refused)', '(2: No such file or directory)'),
      );
      text += await world.tick();
    }
    expect(world.values('a.log_lines')['read']).toBe(15);
    expect(text).not.toMatch(/[^\n -~\u00a0-\uffff]/);
    expect(world.said.filter((said) => / failed and is tried|^error diagnosing/.test(said))).toEqual([]);
  });
});

describe('settings made by a program', () => {
  const keys = Array.from({ length: 50_000 }, (_, at) => `key_number_${at}: 1`).join('\n');
  test.each([
    ['50,000 unknown keys', keys],
    ['50,000 bad jobs', `jobs:\n${'  - nothing: 1\n'.repeat(50_000)}`],
    ['a key of 100,000 letters', `${'k'.repeat(100_000)}: 1`],
    ['a path of 100,000 letters', `jobs:\n  - name: a\n    stub_status: ${'x'.repeat(100_000)}`],
    ['nested 5,000 deep', `jobs: ${'['.repeat(5_000)}`],
    ['50,000 syntax errors', 'a: [\n'.repeat(50_000)],
  ])('%s: refused in a few lines', { timeout: 30_000 }, (_, text) => {
    const parsed = parseSettings(text);
    expect(parsed.ok).toBe(false);
    expect(JSON.stringify(parsed).length).toBeLessThan(20_000);
  });
});

describe('a format of many variables', () => {
  const kinds = [
    '$body_bytes_sent$request_length',
    '$status',
    '$upstream_addr $upstream_status ',
    '$a',
    '$proxy_host$upstream_addr',
  ];
  test.each(kinds.flatMap((kind) => [100, 1000, 20_000].map((count) => [kind, count] as const)))(
    '%s × %i: lines are matched, or it is said why not',
    (kind, count) => {
      const read = readLogFormat(kind.repeat(count));
      if ('problem' in read) return expect(read.problem).toMatch(/parts; at most 2000 are read$/);
      const { match } = createAccessMatcher(read.format, true);
      for (const line of ['', '200', '1'.repeat(5000), '-'.repeat(5000), 'x '.repeat(5000)])
        expect(match(Buffer.from(`${line}\n`), 0)).toBeGreaterThanOrEqual(-1);
    },
  );
});
