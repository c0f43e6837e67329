import { expect, test } from 'vitest';
import { createConditions, createLog } from '../../collector/netdata/log.ts';

function captured(level?: string) {
  const lines: string[] = [];
  return {
    lines,
    log: createLog(
      (line) => lines.push(line),
      () => Date.UTC(2026, 10, 22, 7, 30),
      level,
    ),
  };
}

test('a line is logfmt, whatever is in it', () => {
  const { lines, log } = captured();
  log.error('/var/log/x: permission "denied"\nDISABLE', { job: 'local', lines: 3 });
  expect(lines).toEqual([
    'time=2026-11-22T07:30:00.000Z comm=nginx-upstream.plugin source=collector level=error ' +
      'msg="/var/log/x: permission \\"denied\\"\\nDISABLE" job=local lines=3\n',
  ]);
});

test.each([
  [undefined, ['info', 'warning', 'error']],
  ['error', ['error']],
  ['warning', ['warning', 'error']],
  ['nonsense', ['info', 'warning', 'error']],
])('NETDATA_LOG_LEVEL=%s', (level, expected) => {
  const { lines, log } = captured(level);
  log.info('i');
  log.warning('w');
  log.error('e');
  expect(lines.map((line) => /level=(\w+)/.exec(line)?.[1])).toEqual(expected);
});

test('a condition whose count changes is said once, and again when its kind changes', () => {
  const { lines, log } = captured();
  const conditions = createConditions(log);
  for (const [kind, count] of [
    ['lost', 1],
    ['lost', 2],
    ['lost', 74],
    ['cut', 74],
    ['cut', 75],
  ] as const) {
    conditions.set('job', { kind, text: `${kind} ${count}` });
  }
  conditions.set('job', null);
  conditions.set('job', { kind: 'lost', text: 'lost 9' });
  expect(lines.map((line) => /msg="(.*)"/.exec(line)?.[1])).toEqual([
    'job: lost 1',
    'job: cut 74',
    'job: works again',
    'job: lost 9',
  ]);
});

test('a condition is said once when it begins, changes and ends', () => {
  const { lines, log } = captured();
  const conditions = createConditions(log);
  for (const problem of [null, 'a', 'a', 'a', 'b', 'b', null, null]) conditions.set('file', problem);
  expect(lines.map((line) => /msg="(.*)"/.exec(line)?.[1])).toEqual(['file: a', 'file: b', 'file: works again']);
});
