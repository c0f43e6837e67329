import { expect, test } from 'vitest';
import { createWorkers, type MasterView } from '../../collector/aggregate/server/workers.ts';

/** `7: 1 2 3-` is master 7 with workers 1 and 2, and 3 shutting down; `x5` in front: it has slept 5 times. */
function view(text: string): MasterView[] {
  if (text === '') return [];
  return text.split(' | ').map((one) => {
    const [, sleeps, pid, workers = ''] = /^(?:x(\d+) )?(\d+):(.*)$/.exec(one) ?? [];
    return {
      pid: Number(pid),
      sleeps: sleeps === undefined ? null : Number(sleeps),
      workers: workers
        .split(' ')
        .filter((word) => word !== '')
        .map((word) => ({ pid: Number.parseInt(word, 10), shuttingDown: word.endsWith('-') })),
    };
  });
}

const events = (ticks: readonly string[], crashesAt: Readonly<Record<number, number>> = {}) => {
  const workers = createWorkers();
  let last = workers.record([], 0);
  for (const [at, tick] of ticks.entries()) last = workers.record(view(tick), crashesAt[at] ?? 0);
  return { reloads: last.reloads, restarts: last.restarts };
};

test.each([
  ['nothing happens', ['7:1 2', '7:1 2'], 0, 0],
  ['the plugin starts while a reload is under way', ['7:1- 2', '7:2', '7:2'], 0, 0],
  ['a reload, all workers new at once', ['7:1 2', '7:3 4', '7:3 4'], 1, 0],
  ['a reload, old ones shutting down for long', ['7:1 2', '7:1- 2- 3 4', '7:1- 3 4', '7:3 4'], 1, 0],
  ['a reload, old and new side by side', ['7:1 2', '7:1 2 3 4', '7:1- 2- 3 4', '7:3 4', ...rest('7:3 4')], 1, 0],
  ['a reload, seen half-way through', ['7:1 2', '7:1 2 3', '7:2- 3 4', '7:3 4', ...rest('7:3 4')], 1, 0],
  ['a reload whose new workers take a while to have their title', ['7:1 2', '7:1- 2-', '7:', '7:3 4', '7:3 4'], 1, 0],
  ['a reload to fewer workers', ['7:1 2 3 4', '7:5', ...rest('7:5')], 1, 0],
  ['a reload to more workers', ['7:1', '7:2 3 4', '7:2 3 4'], 1, 0],
  ['two reloads', ['7:1 2', '7:3 4', '7:3 4', '7:5 6'], 2, 0],
  [
    'reloads less than a second apart, old ones still serving',
    [
      '7:1 2',
      '7:1- 2- 3 4',
      '7:3- 4- 5 6',
      '7:5- 6- 7 8',
      '7:7- 8- 9 10',
      '7:9- 10- 11 12',
      '7:12- 13 14',
      ...rest('7:13 14'),
    ],
    6,
    0,
  ],
  [
    'reloads less than a second apart, side by side',
    ['7:1 2', '7:1 2 3 4', '7:3 4 5 6', '7:5 6', ...rest('7:5 6')],
    2,
    0,
  ],
  ['two checks side by side', ['7:1 2', '7:1 2 3 4', '7:1 2 3 4', '7:3 4', '7:5 6', ...rest('7:5 6')], 2, 0],
  [
    'two checks side by side, then more reloads',
    ['7:1 2', '7:1 2 3 4', '7:1 2 3 4', '7:5 6', '7:7 8', ...rest('7:7 8')],
    3,
    0,
  ],
  [
    'two reloads, both half-way through',
    ['7:1 2', '7:1 2 3', '7:2- 3 4', '7:3 4 5', '7:4- 5 6', ...rest('7:5 6')],
    2,
    0,
  ],
  ['a reload while one dies', ['7:1 2', '7:1- 2- 3 4', '7:3 5', ...rest('7:3 5')], 1, 0],
  ['a reload with a single worker', ['x5 7:1', 'x7 7:2'], 1, 0],
  ['a single worker, and no way to know', ['7:1', '7:2'], 1, 0],
  ['one of two workers dies', ['7:1 2', '7:1 3'], 0, 1],
  ['two of four die', ['7:1 2 3 4', '7:1 2 5 6'], 0, 2],
  ['one dies, its replacement comes a tick later', ['7:1 2', '7:1', '7:1 3'], 0, 1],
  ['one dies while an old one shuts down', ['7:1 2 9-', '7:1 3 9-', '7:1 3'], 0, 1],
  ['a single worker dies', ['x5 7:1', 'x6 7:2'], 0, 1],
  ['a single worker dies, its replacement comes late', ['x5 7:1', 'x6 7:', 'x6 7:2'], 0, 1],
  ['one dies and is not replaced', ['7:1 2', '7:1', ...rest('7:1')], 0, 0],
  ['nginx is asked to finish', ['7:1 2', '7:1- 2-', '7:2-', ''], 0, 0],
  ['nginx stops', ['7:1 2', ''], 0, 0],
  ['nginx is stopped and started', ['7:1 2', '', '', '8:3 4', '8:3 4'], 0, 1],
  ['nginx is restarted within a tick', ['7:1 2', '8:3 4'], 0, 1],
  ['a binary upgrade', ['7:1 2', '7:1 2 | 8:3 4', '7: | 8:3 4', '8:3 4'], 0, 0],
  ['one of two nginx is reloaded', ['7:1 | 8:2 3', '7:1 | 8:4 5'], 1, 0],
  ['one of two nginx ends', ['7:1 | 8:2 3', '8:2 3'], 0, 0],
])('%s', (_name, ticks, reloads, restarts) => {
  expect(events(ticks)).toEqual({ reloads, restarts });
});

function rest(tick: string): string[] {
  return Array<string>(6).fill(tick);
}

test('the error log settles what looks like a reload: every worker of a crash loop is new at every check', () => {
  expect(events(['x5 7:1', 'x9 7:2', 'x13 7:3'], { 1: 3, 2: 4 })).toEqual({ reloads: 0, restarts: 2 });
  expect(events(['7:1 2', '7:3 4'], { 1: 2 })).toEqual({ reloads: 0, restarts: 2 });
});

test('how many run, and how many are shutting down', () => {
  const workers = createWorkers();
  expect(workers.record(view('7:1 2 3- | 8:4'), 0)).toMatchObject({ running: 3, shuttingDown: 1 });
  expect(workers.record([], 0)).toMatchObject({ running: 0, shuttingDown: 0 });
});
