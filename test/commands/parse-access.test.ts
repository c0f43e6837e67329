/** `parse access` as a person types it: input in pieces, files, usage, exit codes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { UsageError } from '../../collector/commands/command.ts';
import { parseAccess } from '../../collector/commands/parse/access.ts';
import { tempDir } from '../support/temp.ts';

async function parse(args: readonly string[], input: readonly string[] = []) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const stdin = Readable.from(input.map((piece) => Buffer.from(piece)));
  const shown = text(stdout);
  const code = await parseAccess.run(args, { stdin, stdout, stderr });
  stderr.end();
  const lines = (await shown).split('\n').slice(0, -1);
  return { code, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>), errors: await text(stderr) };
}

test('one object per physical line, in order, the last one without a newline too', async () => {
  const { code, lines } = await parse(
    ['--format', '$status $request_time'],
    ['200 0.0', '01\nnon', 'sense\n\n502 1.5', '00'],
  );
  expect(code).toBe(0);
  const line = { method: null, upstream: null, attempts: [] };
  expect(lines).toEqual([
    { status: 200, requestTimeMs: 1, ...line },
    { unmatched: true, line: 'nonsense' },
    { unmatched: true, line: '' },
    { status: 502, requestTimeMs: 1500, ...line },
  ]);
});

test('files after each other; one that cannot be read is named and the others are read', async () => {
  const dir = tempDir('parse');
  const [one, two] = ['one.log', 'two.log'].map((name) => join(dir, name));
  writeFileSync(one ?? '', '200\n404');
  writeFileSync(two ?? '', '500\n');
  const { code, lines, errors } = await parse(['--format=$status', one ?? '', join(dir, 'none.log'), two ?? '']);
  expect([code, lines.map(({ status }) => status)]).toEqual([1, [200, 404, 500]]);
  expect(errors).toBe(`${dir}/none.log: no such file\n`);
  expect((await parse(['--format', '$status', join(dir, 'none.log')])).code).toBe(2);
});

test('a line too long to be one is unmatched, in its place', async () => {
  const { lines } = await parse(['--format', '$status'], ['200\n', 'x'.repeat(70_000), 'x\n404\n']);
  expect(lines.map(({ status, unmatched }) => status ?? unmatched)).toEqual([200, true, 404]);
});

test('a complete directive over several lines', async () => {
  const directive = `log_format  main escape=json
    '{"s":$status,'   # the status
    "\\"ua\\":\\"$upstream_addr\\"}";`;
  const { lines } = await parse(['--format', directive], ['{"s":502,"ua":"a:1"}\n']);
  expect(lines).toMatchObject([{ status: 502, attempts: [{ peer: 'a:1' }] }]);
});

test.each([
  [[], '--format is needed'],
  [['--format'], '--format needs a log_format'],
  [['--format', ''], '--format needs a log_format'],
  [['--format', '$'], 'invalid variable name'],
  [['--format', "log_format x 'a"], 'a quote is not closed'],
  [['--format', 'log_format x;'], 'needs a name and a format'],
  [['--format', "log_format x escape=xml '$status';"], 'unknown log format escaping "xml"'],
  [['--format', '$status', '--what'], 'unknown option --what'],
])('misused: %j', async (args, words) => {
  const streams = { stdin: Readable.from([]), stdout: new PassThrough(), stderr: new PassThrough() };
  const failure = parseAccess.run(args, streams);
  await expect(failure).rejects.toThrow(UsageError);
  await expect(failure).rejects.toThrow(words);
});
