import { describe, expect, test } from 'vitest';
import type { Action, ChartLine } from '../../charts/action.ts';
import { encode } from '../../charts/encode.ts';

const line: ChartLine = {
  type: 'nginx_upstream_local',
  id: 'peer_failures_10_0_0_1_80',
  title: 'Failures of the peer, by kind',
  units: 'failures/s',
  family: 'peer 10.0.0.1:80 10.0.0.1:80',
  context: 'nginx_upstream.peer_failures',
  chartType: 'stacked',
  priority: 60200,
  updateEvery: 1,
  module: 'error_log',
  labels: [
    ['upstream', '10.0.0.1:80'],
    ['peer', '10.0.0.1:80'],
  ],
  dimensions: [{ id: 'refused', algorithm: 'incremental', multiplier: 1, divisor: 1 }],
};

test('a chart is created, filled and made obsolete', () => {
  const actions: Action[] = [
    { do: 'create', chart: line },
    { do: 'update', id: `${line.type}.${line.id}`, values: { refused: 0 } },
    { do: 'update', id: `${line.type}.${line.id}`, values: { refused: 7 } },
    { do: 'obsolete', chart: line },
  ];
  const chart = (options: string) =>
    `CHART nginx_upstream_local.peer_failures_10_0_0_1_80 '' 'Failures of the peer, by kind' 'failures/s' ` +
    `'peer 10.0.0.1:80 10.0.0.1:80' 'nginx_upstream.peer_failures' stacked 60200 1 '${options}' ` +
    `'nginx-upstream.plugin' 'error_log'\n`;
  expect(encode(actions)).toBe(
    `${chart('store_first')}CLABEL 'upstream' '10.0.0.1:80' 1\nCLABEL 'peer' '10.0.0.1:80' 1\nCLABEL_COMMIT\n` +
      `DIMENSION refused '' incremental 1 1\n` +
      'BEGIN nginx_upstream_local.peer_failures_10_0_0_1_80\nSET refused = 0\nEND\n' +
      'BEGIN nginx_upstream_local.peer_failures_10_0_0_1_80\nSET refused = 7\nEND\n' +
      `${chart('store_first')}DIMENSION refused '' incremental 1 1 obsolete\n${chart('obsolete')}`,
  );
});

describe('a chart that is over takes its dimensions along, or Netdata keeps their memory for ever', () => {
  const d = { algorithm: 'absolute', multiplier: 1, divisor: 1 } as const;
  test.each([
    ['one', [{ id: 'up', ...d }], ['up obsolete']],
    [
      'several',
      [
        { id: 'a', ...d },
        { id: 'b', ...d },
      ],
      ['a obsolete', 'b obsolete'],
    ],
    ['one that is hidden stays hidden', [{ id: 'count', ...d, hidden: true }], ["count 'obsolete hidden'"]],
    ['one that was over before', [{ id: 'gone', ...d, obsolete: true }], ['gone obsolete']],
    ['none yet', [], []],
    ['one with a name', [{ id: 'p', name: 'shop 10.0.0.1:80', ...d }], ['p obsolete']],
    ['a bucket', [{ id: '+Inf', ...d }], ['+Inf obsolete']],
  ])('%s', (_name, dimensions, expected) => {
    const text = encode([{ do: 'obsolete', chart: { ...line, dimensions } }]);
    const lines = text.split('\n').slice(1, -2);
    expect(lines.map((each) => each.replace(/^DIMENSION (\S+) '.*' absolute 1 1 /, '$1 '))).toEqual(expected);
    expect(text).not.toContain('CLABEL');
  });
});

test('what has not changed is written as it was, as often as it is sent', () => {
  const values = { refused: 7, timed_out: 0 };
  const told = encode([{ do: 'update', id: 'a.b', values }]);
  expect(told).toBe('BEGIN a.b\nSET refused = 7\nSET timed_out = 0\nEND\n');
  for (const id of ['a.b', 'a.c', 'a.b']) {
    expect(encode([{ do: 'update', id, values, unchanged: true }])).toBe(told.replace('a.b', id));
  }
});

describe('a hostile text ends no word and no line', () => {
  test.each([
    ['single quote', "a'b", 'a_b'],
    ['newline and a keyword', "x\nDISABLE\n'", 'x_DISABLE__'],
    ['carriage return, NUL, escape', 'a\r\0\x1b[31m', 'a___[31m'],
    ['backslash, which makes the lexer skip', 'a\\', 'a_'],
    ['C1 control and line separators', 'a\u0085\u2028\u2029', 'a___'],
    ['double quote, comma, equals, brackets stay inside the quotes', '[a]="b",', '[a]="b",'],
    ['endless', 'x'.repeat(100_000), 'x'.repeat(600)],
  ])('%s', (_name, hostile, safe) => {
    const text = encode([{ do: 'create', chart: { ...line, labels: [['peer', hostile]], family: hostile } }]);
    expect(text).toContain(`CLABEL 'peer' '${safe}' 1\n`);
    expect(text.split('\n')).toHaveLength(5);
  });
});

describe('values are integers within 64 bits, or a gap', () => {
  test.each([
    ['fraction', 1.6, 'SET d = 2\n'],
    ['negative', -3, 'SET d = -3\n'],
    ['beyond 2^53', 2 ** 60, 'SET d = 1152921504606846976\n'],
    ['beyond 64 bits', 2 ** 63, ''],
    ['not a number', Number.NaN, ''],
    ['infinite', Number.POSITIVE_INFINITY, ''],
  ])('%s', (_name, value, set) => {
    const text = encode([{ do: 'update', id: 'a.b', values: { d: value } }]);
    expect(text).toBe(`BEGIN a.b\n${set}END\n`);
  });
});

test("variables are sent within BEGIN and END, where they are the chart's own; what is not a number is not sent", () => {
  const variables = { attempts_known: 1, ratio: 0.25, broken: Number.NaN };
  expect(encode([{ do: 'update', id: 'a.b', values: { refused: 7 }, variables }])).toBe(
    'BEGIN a.b\nVARIABLE CHART attempts_known = 1\nVARIABLE CHART ratio = 0.25\nSET refused = 7\nEND\n',
  );
});
