import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { finding, findingCodes } from '../../collector/discover/check/finding.ts';
import { wordFinding } from '../../collector/discover/check/words/wording.ts';
import { peerCauses } from '../../collector/model.ts';

test('every finding and every cause has a section in docs/troubleshooting.md, and every section one of them', () => {
  const page = readFileSync('docs/troubleshooting.md', 'utf8');
  const sections = Array.from(page.matchAll(/^### (\S+)$/gm), ([, code]) => code);
  expect([...sections].sort()).toEqual([...findingCodes, ...peerCauses].sort());
});

test('every finding has words: what, why and what to do, with nothing left open', () => {
  for (const code of findingCodes) {
    const { what, why, remedy } = wordFinding(finding(code, 'SUBJECT', { file: '/etc/nginx/nginx.conf', line: 7 }));
    for (const text of [what, why, remedy]) expect(text, code).toMatch(/\S{3}/);
    expect(remedy, code).not.toMatch(/\{nginx\}/);
  }
});
