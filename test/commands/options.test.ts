import { expect, test } from 'vitest';
import { UsageError } from '../../collector/commands/command.ts';
import { readOptions } from '../../collector/commands/options.ts';

const set = { flags: ['json'], values: { config: 'FILE', format: 'FORMAT' }, takesFiles: true } as const;
const read = (...args: readonly string[]) => {
  const { flags, values, files } = readOptions(args, set);
  return [[...flags], { ...values }, files];
};

test.each<[string, readonly string[], unknown]>([
  ['nothing', [], [[], {}, []]],
  ['a value behind a blank or an equals sign', ['--config', 'a', '--format=b'], [[], { config: 'a', format: 'b' }, []]],
  ['files between them', ['x', '--json', '-', '--config', 'a', 'y'], [['json'], { config: 'a' }, ['x', '-', 'y']]],
  [
    'a value that begins with a hyphen',
    ['--format', '- $remote_addr', '--json'],
    [['json'], { format: '- $remote_addr' }, []],
  ],
  ['a value with an equals sign and a line end', ['--format=a=$b\nc'], [[], { format: 'a=$b\nc' }, []]],
  ['what is said twice counts as said last', ['--config', 'a', '--config=b'], [[], { config: 'b' }, []]],
  ['files that look like options', ['--', '--json', '-x'], [[], {}, ['--json', '-x']]],
])('%s', (_, args, expected) => {
  expect(read(...args)).toEqual(expected);
});

test.each([
  [['--nope'], 'unknown option --nope'],
  [['--json=1'], 'unknown option --json'],
  [['-j'], 'unknown option -j'],
  [['--config'], '--config needs a FILE'],
  [['--config='], '--config needs a FILE'],
  [['--format', ''], '--format needs a FORMAT'],
])('%j: %s', (args, message) => {
  expect(() => readOptions(args, set)).toThrow(UsageError);
  expect(() => readOptions(args, set)).toThrow(message);
});

test('a command that takes no files takes none', () => {
  expect(() => readOptions(['x'], { flags: [], values: {}, takesFiles: false })).toThrow('unknown option x');
});
