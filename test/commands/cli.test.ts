/** What a person types: help of each command, the name it is called by, and calls that make no sense. */
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { interpret } from '../../collector/commands/cli.ts';

beforeAll(() => {
  vi.stubGlobal('VERSION', '1.2.3');
});

async function typed(...argv: readonly string[]) {
  const invocation = interpret(argv);
  if (invocation.do !== 'command') throw new Error('that is plugin mode');
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
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
      for (const line of out.split('\n').slice(1)) expect(line.length, line).toBeLessThanOrEqual(120);
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
