/** What a person types: help of each command, the name it is called by, and calls that make no sense. */
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { interpret } from '../../collector/commands/cli.ts';

beforeAll(() => {
  vi.stubGlobal('VERSION', '1.2.3');
});

const typed = (...argv: readonly string[]) => typedAt(undefined, argv);

/** @param columns of the terminal; undefined: output is none */
async function typedAt(columns: number | undefined, argv: readonly string[]) {
  const invocation = interpret(argv);
  if (invocation.do !== 'command') throw new Error('that is plugin mode');
  const [stdout, stderr] = [Object.assign(new PassThrough(), { columns }), new PassThrough()];
  const code = await invocation.run({ stdin: Readable.from([]), stdout, stderr });
  stdout.end();
  stderr.end();
  return { code, out: await text(stdout), errors: await text(stderr) };
}

const commands = ['check', 'diagnose', 'report', 'parse error', 'parse access'];

describe('help', () => {
  test.each(commands)('%s has its own, wherever the word stands', async (name) => {
    const words = name.split(' ');
    for (const argv of [
      [...words, '--help'],
      [...words, '-h'],
      [...words, '--json', '--help'],
    ]) {
      const { code, out, errors } = await typed(...argv);
      expect([code, errors]).toEqual([0, '']);
      expect(out.split('\n')[0]).toContain(`usage: nginx-upstream ${name}`);
      expect(out).toContain('Exit code: 0 ');
    }
  });

  test('the general one names each command by the name in the PATH', async () => {
    for (const argv of [['--help'], ['-h'], ['help']]) {
      const { code, out } = await typed(...argv);
      expect(code).toBe(0);
      for (const name of commands) expect(out).toContain(`  nginx-upstream ${name} `);
      expect(out).not.toContain('nginx-upstream.plugin');
    }
  });
});

describe('help is wrapped by words, and a command to copy stays in one line', () => {
  const asked = [[], ...commands.map((name) => name.split(' '))].map((words) => [...words, '--help']);
  const words = (text: string) => text.split(/\s+/).filter(Boolean);

  test.each([
    ['a terminal of 80 columns', 80, {}, 80],
    ['a terminal of 60 columns', 60, {}, 60],
    ['a terminal of 20 columns: not below 40, and an example may be longer', 20, {}, 58],
    ['a terminal of 300 columns: lines stay readable', 300, {}, 100],
    ['a pipe', undefined, {}, 80],
    ['a pipe, and COLUMNS is 60', undefined, { COLUMNS: '60' }, 60],
    ['a pipe, and COLUMNS is no number', undefined, { COLUMNS: 'wide' }, 80],
  ])('%s', async (_, columns, env, longest) => {
    vi.stubEnv('COLUMNS', undefined);
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    for (const argv of asked) {
      const { out } = await typedAt(columns, argv);
      for (const line of out.split('\n')) expect(line.length, `${argv}: ${line}`).toBeLessThanOrEqual(longest);
      expect(words(out)).toEqual(words((await typedAt(1000, argv)).out));
      expect(out).not.toMatch(/[ \t]$/m);
    }
    vi.unstubAllEnvs();
  });

  test('options are not broken in a usage line', async () => {
    const { out } = await typedAt(60, ['report', '--help']);
    expect(out).toContain('\n          [--format FORMAT | --conf CONF [--format NAME]]\n');
  });
});

test('the version', async () => {
  expect((await typed('--version')).out).toBe('nginx-upstream 1.2.3\n');
});

test.each([
  [['nonsense'], "nginx-upstream: 'nonsense' is no command"],
  [['parse'], 'nginx-upstream: parse what? parse error, or parse access'],
  [['check', '--nonsense'], 'usage: nginx-upstream check'],
  [['report', '--format', 'main', '/dev/null'], "'main' is not the text of a log_format"],
  [['parse', 'access', '--format', '$bogus', '/dev/null'], "no variable of '$bogus'"],
  [['parse', 'access', '/dev/null'], '--format is needed'],
])('misused: %j', async (argv, words) => {
  const { code, out, errors } = await typed(...argv);
  expect([code, out]).toEqual([2, '']);
  expect(errors).toContain(words);
});
