import { expect, test } from 'vitest';
import { createConnections } from '../../collector/aggregate/server/connections.ts';

const page = (accepts: number, handled = accepts, requests = accepts) => ({
  accepts,
  handled,
  requests,
  active: 7,
  reading: 1,
  writing: 2,
  waiting: 4,
});

/** Totals after each reading; a text is a gap. */
function totals(...readings: readonly (ReturnType<typeof page> | 'gap')[]) {
  const connections = createConnections();
  return readings.map((reading) => {
    const snapshot = connections.record([reading === 'gap' ? null : reading]);
    return snapshot && [snapshot.accepted, snapshot.handled, snapshot.requests, snapshot.dropped];
  });
}

test.each([
  ['the first page is the baseline', [page(500, 480, 900)], [[0, 0, 0, 0]]],
  [
    'growth',
    [page(500, 500, 900), page(510, 510, 930)],
    [
      [0, 0, 0, 0],
      [10, 10, 30, 0],
    ],
  ],
  [
    'a restart of nginx: no fall, no spike',
    [page(1_000_000), page(3), page(10)],
    [
      [0, 0, 0, 0],
      [0, 0, 0, 0],
      [7, 7, 7, 0],
    ],
  ],
  [
    'a restart of nginx during a gap',
    [page(100), 'gap' as const, page(40), page(45)],
    [[0, 0, 0, 0], null, [0, 0, 0, 0], [5, 5, 5, 0]],
  ],
  [
    'old and new nginx answer by turns (binary upgrade)',
    [page(1000), page(5), page(1010), page(9), page(1020), page(20)],
    [
      [0, 0, 0, 0],
      [0, 0, 0, 0],
      [10, 10, 10, 0],
      [14, 14, 14, 0],
      [24, 24, 24, 0],
      [35, 35, 35, 0],
    ],
  ],
  [
    'what happened during a gap is not drawn in the second after it',
    [page(100), 'gap' as const, page(5000), page(5010)],
    [[0, 0, 0, 0], null, [0, 0, 0, 0], [10, 10, 10, 0]],
  ],
  [
    'but clients turned away during a gap are counted once two pages show them',
    [page(100, 100), 'gap' as const, 'gap' as const, page(200, 150), page(201, 151)],
    [[0, 0, 0, 0], null, null, [0, 0, 0, 0], [1, 1, 1, 50]],
  ],
  [
    'a page written between accepted and handled drops nobody',
    [page(100, 100), page(110, 109), page(120, 120), page(130, 129), page(140, 140)],
    [
      [0, 0, 0, 0],
      [10, 9, 10, 0],
      [20, 20, 20, 0],
      [30, 29, 30, 0],
      [40, 40, 40, 0],
    ],
  ],
  [
    'drops that were there before the plugin are not its news',
    [page(100, 50), page(101, 51), page(102, 51), page(103, 52)],
    [
      [0, 0, 0, 0],
      [1, 1, 1, 0],
      [2, 1, 2, 0],
      [3, 2, 3, 1],
    ],
  ],
])('%s', (_name, readings, expected) => {
  expect(totals(...readings)).toEqual(expected);
});

test('several servers are summed; one that does not answer makes a gap of all', () => {
  const connections = createConnections();
  connections.record([page(10), page(1000)]);
  expect(connections.record([page(11), page(1005)])).toMatchObject({ active: 14, reading: 2, accepted: 6 });
  expect(connections.record([page(12), null])).toBeNull();
  expect(connections.record([page(20), page(1100)])).toMatchObject({ accepted: 6 });
  expect(connections.record([page(21), page(1101)])).toMatchObject({ accepted: 8 });
});

test('no server is no measure', () => {
  expect(createConnections().record([])).toBeNull();
});
