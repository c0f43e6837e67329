import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repository } from '../support/repository.ts';
import { run } from '../support/run.ts';
import { tempDir } from '../support/temp.ts';

const SUMS = join(repository, '.ci/sums.js');

type Verdict = 'passed' | 'failed' | 'pending' | 'todo';

const assertion = (fullName: string, status: Verdict, message = ''): object => ({
  fullName,
  status,
  failureMessages: message === '' ? [] : [message],
});

/** A report as vitest writes it, with one file of tests. */
function report(status: 'passed' | 'failed', message: string, ...assertionResults: object[]): string {
  const path = join(tempDir('sums'), 'report.json');
  const file = { name: '/src/test/e2e/netdata/refused.test.ts', status, message, assertionResults };
  writeFileSync(path, JSON.stringify({ testResults: [file] }));
  return path;
}

async function sums(...steps: string[]): Promise<{ lines: string[]; code: number | null }> {
  const { stdout, stderr, code } = await run(process.execPath, [SUMS, ...steps]);
  expect(stderr).toBe('');
  return { lines: stdout.trimEnd().split('\n'), code };
}

const PASSED = assertion('fine', 'passed');

test('one test of 4148 fails on CI: the tail names it, right before the sums', async () => {
  const message = 'Error: \u001b[31mwaited\u001b[39m 30000 ms\n\n  at one\n  at two\n  at 3\n  at 4\n  at 5\n  at 6';
  const failed = report('failed', '', PASSED, assertion('counts each refusal', 'failed', message), PASSED);
  const { lines, code } = await sums('npm cit, -s bookworm', '1', failed, 'the demo', '0', '-');
  expect(lines).toEqual([
    'failed: npm cit, -s bookworm: test/e2e/netdata/refused.test.ts: counts each refusal',
    '    Error: waited 30000 ms',
    ...[1, 2, 3, 4, 5].map((at) => `      at ${['', 'one', 'two'][at] ?? at}`),
    'npm cit, -s bookworm: 2 passed, 1 failed, 0 skipped',
    'the demo: 1 passed, 0 failed, 0 skipped',
    '3 passed, 1 failed, 0 skipped',
  ]);
  expect(code).toBe(1);
});

test.each<{ name: string; steps: () => string[]; expected: string[] }>([
  {
    name: 'a skipped test',
    steps: () => ['cit', '0', report('passed', '', PASSED, assertion('not here', 'pending'))],
    expected: ['skipped: cit: test/e2e/netdata/refused.test.ts: not here', 'cit: 1 passed, 0 failed, 1 skipped'],
  },
  {
    name: 'a test to be written',
    steps: () => ['cit', '0', report('passed', '', PASSED, assertion('later', 'todo'))],
    expected: ['skipped: cit: test/e2e/netdata/refused.test.ts: later', 'cit: 1 passed, 0 failed, 1 skipped'],
  },
  {
    name: 'a file that does not load',
    steps: () => ['cit', '1', report('failed', "Cannot find module 'x'")],
    expected: [
      'failed: cit: test/e2e/netdata/refused.test.ts',
      "    Cannot find module 'x'",
      'cit: 0 passed, 1 failed, 0 skipped',
    ],
  },
  {
    name: 'a hook that fails, after which its tests do not run',
    steps: () => ['cit', '1', report('failed', 'nginx did not start', assertion('reads', 'pending'))],
    expected: [
      'failed: cit: test/e2e/netdata/refused.test.ts',
      '    nginx did not start',
      'skipped: cit: test/e2e/netdata/refused.test.ts: reads',
      'cit: 0 passed, 1 failed, 1 skipped',
    ],
  },
  {
    name: "a describe's hook, of which vitest's report has no message",
    steps: () => ['cit', '1', report('failed', '', PASSED, assertion('reads', 'pending'))],
    expected: [
      'failed: cit: test/e2e/netdata/refused.test.ts',
      '    one of its hooks failed: the message is above',
      'skipped: cit: test/e2e/netdata/refused.test.ts: reads',
      'cit: 1 passed, 1 failed, 1 skipped',
    ],
  },
  {
    name: 'a failure outside the tests',
    steps: () => ['cit', '1', report('passed', '', PASSED)],
    expected: [
      'failed: cit',
      '    exit 1, outside the tests: its output is above',
      'cit: 1 passed, 1 failed, 0 skipped',
    ],
  },
  {
    name: 'a command that fails',
    steps: () => ['the demo', '3', '-'],
    expected: ['failed: the demo', '    exit 3: its output is above', 'the demo: 0 passed, 1 failed, 0 skipped'],
  },
  {
    name: 'a step that could not run',
    steps: () => ['the demo', 'skipped', '-'],
    expected: ['skipped: the demo', 'the demo: 0 passed, 0 failed, 1 skipped'],
  },
])('$name is named and counts', async ({ steps, expected }) => {
  const { lines, code } = await sums(...steps());
  expect(lines.slice(0, -1)).toEqual(expected);
  expect(code).toBe(1);
});

/** What a command printed, in the file that .ci/run keeps of it. */
function output(text: string): string {
  const path = join(tempDir('sums'), 'output.log');
  writeFileSync(path, text);
  return path;
}

test.each<[string, string, string[]]>([
  [
    'its last twelve lines',
    Array.from({ length: 40 }, (_, at) => `line ${at}\n`).join(''),
    Array.from({ length: 12 }, (_, at) => `line ${28 + at}`),
  ],
  ['fewer lines, the last one without its end', 'one\ntwo', ['one', 'two']],
  ['no colours, no empty lines', '\u001b[31mred\u001b[39m\n\n \nend\n', ['red', 'end']],
  ['of a progress line its last state', '10 %\r50 %\r100 %\nfailed\r\n', ['100 %', 'failed']],
  ['not all of a line without end', 'x'.repeat(5_000), ['x'.repeat(300)]],
  ['that there was nothing', '', ['it has printed nothing']],
])('a command that fails shows under its name: %s', async (_, text, expected) => {
  const { lines, code } = await sums('the demo', '1', output(text));
  expect(lines.slice(0, -2)).toEqual([
    'failed: the demo',
    '    exit 1 after:',
    ...expected.map((line) => `    ${line}`),
  ]);
  expect(code).toBe(1);
});

test('a command whose output was lost is still one failure; of one that passed, nothing is shown', async () => {
  const { lines } = await sums('the demo', '1', '/nowhere/output.log', 'a release', '0', output('much\nsaid\n'));
  expect(lines[1]).toBe('    exit 1 after:');
  expect(lines[2]).toMatch(/^ {4}its output was not kept: ENOENT/);
  expect(lines.slice(3)).toEqual([
    'the demo: 0 passed, 1 failed, 0 skipped',
    'a release: 1 passed, 0 failed, 0 skipped',
    '1 passed, 1 failed, 0 skipped',
  ]);
});

test('a run that ended before its report is one failure', async () => {
  const { lines, code } = await sums('cit', '137', join(tempDir('sums'), 'none.json'));
  expect(lines[0]).toBe('failed: cit');
  expect(lines[1]).toMatch(/^ {4}exit 137, and no report of its tests: ENOENT/);
  expect(lines.at(-1)).toBe('0 passed, 1 failed, 0 skipped');
  expect(code).toBe(1);
});

test('hundreds of failures leave the sums in sight', async () => {
  const many = Array.from({ length: 300 }, (_, at) => assertion(`test ${at}`, 'failed', 'line\n'.repeat(50)));
  const { lines } = await sums('cit', '1', report('failed', '', ...many));
  expect(lines[0]).toBe('... and 260 more that failed or were skipped');
  expect(lines.length).toBe(1 + 40 * 7 + 2);
});

test('all passed: exit 0 and nothing but the sums', async () => {
  const { lines, code } = await sums('cit', '0', report('passed', '', PASSED), 'the demo', '0', '-');
  expect(lines).toEqual([
    'cit: 1 passed, 0 failed, 0 skipped',
    'the demo: 1 passed, 0 failed, 0 skipped',
    '2 passed, 0 failed, 0 skipped',
  ]);
  expect(code).toBe(0);
});
