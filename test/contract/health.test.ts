/** The health files as each version of Netdata gets them. stock-alerts.txt: the names in Debian's netdata-core 1.37.1. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { catalogue } from '../../charts/catalogue.ts';
import { adaptedAlerts } from '../support/netdata.ts';
import { lintHealth, parseHealth } from './health-lint.ts';

const stock = new Set(
  readFileSync(join(import.meta.dirname, 'stock-alerts.txt'), 'utf8')
    .trim()
    .split('\n'),
);

test.each(['1.37.1', '1.38.0', '1.40.0', '1.45.0', '2.10.4'])('the alerts for Netdata %s', (version) => {
  expect(lintHealth(adaptedAlerts(version), { version, catalogue, stock })).toEqual([]);
});

test('docs/alerts.md has a section for each alert and none for others', () => {
  const entities = Object.entries(adaptedAlerts('2.10.4')).flatMap(([file, text]) => parseHealth(file, text));
  const alerts = entities.filter(({ lines }) => lines.some(({ key }) => key === 'warn' || key === 'crit'));
  const text = readFileSync(join(import.meta.dirname, '../../docs/alerts.md'), 'utf8');
  const sections = Array.from(text.matchAll(/^### (\w+)$/gm), ([, name]) => name);
  expect(sections.sort()).toEqual(alerts.map(({ name }) => name.replace('nginx_upstream_', '')).sort());
});

describe('the lint finds', () => {
  const fine = [
    ' template: nginx_upstream_x',
    '       on: nginx_upstream.upstream_failures',
    '   lookup: sum -1m unaligned of refused',
    '    units: failures',
    '    every: 5s',
    '     info: refused (helper)',
  ];
  const lint = (lines: readonly string[], version = '1.37.1') =>
    lintHealth({ 'x.conf': lines.join('\n') }, { version, catalogue, stock: new Set(['nginx_upstream_taken']) });
  const braced = (name: string) => `${'$'}{${name}}`;
  const changed = (from: string, to: string) => fine.map((line) => line.replace(from, to));

  test('nothing in a file that is fine', () => expect(lint(fine)).toEqual([]));

  test.each<[string, readonly string[], string]>([
    ['a key nobody knows', [...fine, ' colour: red'], 'does not know the key colour'],
    ['a key that is too new', [...fine, ' summary: x'], 'does not know the key summary'],
    [
      'a chart that does not exist',
      changed('upstream_failures', 'failures'),
      'there is no chart nginx_upstream.failures',
    ],
    ['a dimension that does not exist', changed('of refused', 'of refused,denials'), 'has no dimension denials'],
    ['a lookup without dimensions', changed(' of refused', ''), 'looks up all dimensions'],
    ['a method that does not exist', changed('sum', 'total'), 'there is no method total'],
    ['a variable that is nothing', [...fine, ' calc: $nothing'], '$nothing is nothing'],
    [
      'a sibling without this dimension',
      [...fine, ` calc: ${braced('nginx_upstream.client_outcomes.yes')}`],
      'is nothing',
    ],
    [
      'a chart of another level',
      [...fine, ` calc: ${braced('nginx_upstream.peer_failures.refused')}`],
      'is of another level',
    ],
    ['precedence that 1.37.1 gets wrong', [...fine, ' calc: $this > 0 AND $this > 2 * $refused'], 'arithmetic beside'],
    ['an open parenthesis', [...fine, ' calc: ($this > 0'], 'is not closed'],
    ['a word that is no operator', [...fine, ' calc: $this XOR 1'], 'is not understood from:  XOR'],
    ['a name of Netdata', changed('_x', '_taken'), "is one of Netdata's own"],
    ['a name twice', [...fine, ...fine], 'is there twice'],
    [
      'a new placeholder for an old version',
      changed('refused (', `${braced('label:upstream')} (`),
      'a placeholder that Netdata',
    ],
    ['a label that the level does not have', changed('refused (', '$label:peer ('), 'a upstream has no label peer'],
    ['a deciding alert without a recipient', [...fine, ' warn: $this > 0'], 'has no to'],
  ])('%s', (_name, lines, problem) => {
    expect(lint(lines).join('\n')).toContain(problem);
  });
});
