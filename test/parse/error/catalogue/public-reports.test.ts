/**
 * Lines as people post them: their shapes were found in public issues and pages, the text is ours (hosts, paths and
 * addresses are made up). `why` says what is special, or why the kind is what it is.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createUnwrapper } from '../../../../collector/decode/unwrap.ts';
import { parseErrorLine } from '../../../../collector/parse/error/line.ts';

const rows = readFileSync(join(import.meta.dirname, 'public-reports.tsv'), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((row) => row.split('\t') as [string, string, string, string, string]);

test.each(rows)('%s: %s %s (%s)', (_where, kind, peer, _why, line) => {
  const found = parseErrorLine(createUnwrapper().line(line) ?? '');
  expect([found?.kind, found?.upstream?.peer ?? '']).toEqual([kind, peer]);
});

test('there are many of them', () => {
  expect(new Set(rows.map(([where]) => where)).size).toBeGreaterThan(120);
});
