import { expect, test } from 'vitest';
import { readOptions } from '../../demo/options.ts';

test.each([
  ['no end', ['--home', '/x'], { home: '/x', seconds: null }],
  ['seconds', ['--home', '/x', '--seconds', '60'], { home: '/x', seconds: 60 }],
  ['too few', ['--home', '/x', '--seconds', '9'], expect.stringContaining('from 10 to 86400, not 9')],
  ['too many', ['--home', '/x', '--seconds', '86401'], expect.stringContaining('not 86401')],
  ['no number', ['--home', '/x', '--seconds', '1e3'], expect.stringContaining('not 1e3')],
  ['nothing', ['--home', '/x', '--seconds', ''], expect.stringContaining('an integer')],
  ['no home', [], expect.stringContaining('install.sh --demo')],
  ['unknown', ['--home', '/x', '--fast'], expect.stringContaining('--fast')],
])('%s', (_, args, expected) => {
  expect(readOptions(args)).toEqual(expected);
});
