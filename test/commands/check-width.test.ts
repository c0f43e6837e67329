/** What `check` prints on a narrow terminal: sentences wrap by words, lines to paste stay in one piece. */
import { expect, test } from 'vitest';
import { renderText } from '../../collector/commands/check/text.ts';
import { finding, findingCodes } from '../../collector/discover/check/finding.ts';
import { wordFinding } from '../../collector/discover/check/words/wording.ts';

const values = {
  text: '1: max_peers must be an integer from 1 to 1000',
  use: 'error_log',
  line: 'error_log /var/log/nginx/error.log warn;',
  who: 'netdata',
  protocol: 'http',
};
const findings = findingCodes.map((code) =>
  wordFinding(finding(code, 'SUBJECT', { file: '/etc/nginx/nginx.conf', line: 7 }, values)),
);
const strangers = Array.from({ length: 9 }, (_, at) => ({ pid: 4_000_000 + at, user: 'somebody' }));
const rendered = (width: number | null) =>
  renderText({ inspected: [], strangers, findings, askedBy: 'somebody' }, { paint: (_, text) => text, width });
const words = (text: string) => text.split(/\s+/).filter(Boolean);
const wide = rendered(null).split('\n');

test.each([80, 60, 40])('%i columns: a longer line is one to paste, as it is without a width', (width) => {
  const text = rendered(width);
  expect(words(text)).toEqual(words(wide.join('\n')));
  for (const line of text.split('\n')) {
    if (line.length <= width) continue;
    expect(wide).toContain(line);
    expect(line).toMatch(/^ {4}\S*(?:[^A-Z\s]| {4})/);
  }
});

test('more than 40 findings have a line that had to be wrapped', () => {
  const sentences = wide.filter((line) => line.length > 60 && !line.startsWith('    '));
  expect(sentences.length).toBeGreaterThan(40);
});
