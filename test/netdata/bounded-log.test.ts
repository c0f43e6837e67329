import { expect, test } from 'vitest';
import { createBoundedLog } from '../../collector/netdata/bounded-log.ts';

const second = 1_000_000;

function written(at: readonly number[], most = 3): readonly string[] {
  let nowUs = 0;
  const lines: string[] = [];
  const take = (text: string) => {
    lines.push(text);
  };
  const log = createBoundedLog({ info: take, warning: take, error: take }, most, () => nowUs, 'ask me');
  for (const [n, time] of at.entries()) {
    nowUs = time * second;
    log.warning(`line ${n}`);
  }
  return lines;
}

const left = (count: number) => `${count} more lines like these in the last minute are not logged: ask me`;

test.each([
  ['few lines', [0, 1, 2], ['line 0', 'line 1', 'line 2']],
  [
    'as many as may be, each minute',
    [0, 0, 0, 60, 60, 60],
    ['line 0', 'line 1', 'line 2', 'line 3', 'line 4', 'line 5'],
  ],
  ['too many: said with the next minute', [0, 1, 2, 3, 59, 60], ['line 0', 'line 1', 'line 2', left(2), 'line 5']],
  ['a quiet minute between', [0, 0, 0, 0, 200], ['line 0', 'line 1', 'line 2', left(1), 'line 4']],
  [
    'too many twice',
    [0, 0, 0, 0, 61, 61, 61, 61, 61, 130],
    ['line 0', 'line 1', 'line 2', left(1), 'line 4', 'line 5', 'line 6', left(2), 'line 9'],
  ],
])('%s', (_, at, lines) => {
  expect(written(at)).toEqual(lines);
});

test('a thousand pods a day, all failing at once: the log grows by 31 lines a minute at most', () => {
  const hour = Array.from({ length: 36_000 }, (_, at) => at / 10);
  expect(written(hour, 30).length).toBeLessThanOrEqual(60 * 31);
});
