/** `--explain`: every cause has its section, alone and readable. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { UsageError } from '../../../collector/commands/command.ts';
import { explain } from '../../../collector/commands/diagnose/explain.ts';
import { painter } from '../../../collector/commands/terminal.ts';
import { peerCauses } from '../../../collector/model.ts';

const page = readFileSync('docs/troubleshooting.md', 'utf8');
const terminal = { paint: painter(false), width: 60 };

test.each(peerCauses)('%s', (cause) => {
  const lines = explain(page, cause, terminal);
  expect(lines.slice(0, 2)).toEqual([cause, '']);
  expect(lines.length).toBeGreaterThan(2);
  expect(lines.join('\n')).not.toMatch(/^#|\n\n\n|undefined/m);
});

test('paragraphs stay apart, and the next section is not part of it', () => {
  const text = '# P\n\n### unknown\n\nOne\nline.\n\nTwo.\n\n## Other\n\n### ejected\n\nThree.\n';
  expect(explain(text, 'unknown', terminal)).toEqual(['unknown', '', 'One line.', '', 'Two.']);
});

test('what is no cause is refused with those that are', () => {
  expect(() => explain(page, 'constructor', terminal)).toThrow(UsageError);
  expect(() => explain(page, 'refused', terminal)).toThrow(/process_down, .*unknown, .*no_local_address$/);
});
