import { expect, test } from 'vitest';
import { journalEntry } from '../../collector/decode/journal.ts';

const nested = (depth: number) => `{"MESSAGE":${'['.repeat(depth)}"x"${']'.repeat(depth)},"__CURSOR":"c"}`;

test.each([
  ['a text', '{"MESSAGE":"x"}', 'x'],
  ['bytes', '{"MESSAGE":[120]}', 'x'],
  ['several values', '{"MESSAGE":["x","y"]}', 'x'],
  ['several binary values', '{"MESSAGE":[[120],"y"]}', 'x'],
  ['too large for journalctl', '{"MESSAGE":null}', null],
  ['an object', '{"MESSAGE":{"a":"x"}}', null],
  ['numbers that are no bytes', '{"MESSAGE":[1e9]}', expect.any(String)],
  ['no values', '{"MESSAGE":[]}', ''],
  ['nested twice', nested(2), null],
  ['nested 150,000 deep', nested(150_000), null],
  ['nested objects', `{"MESSAGE":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`, null],
])('%s', (_, line, message) => {
  expect(journalEntry(line)?.message ?? null).toEqual(message);
});
