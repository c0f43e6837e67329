/** The health files as each version of Netdata gets them. stock-alerts.txt: the names in Debian's netdata-core 1.37.1. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { catalogue } from '../../charts/catalogue.ts';
import { repository } from '../support/repository.ts';
import { adaptedAlerts } from '../support/servers/netdata.ts';
import { lintHealth, parseHealth } from './health-lint.ts';

const stock = new Set(
  readFileSync(join(import.meta.dirname, 'stock-alerts.txt'), 'utf8')
    .trim()
    .split('\n'),
);

test.each(['1.37.1', '1.38.0', '1.40.0', '1.45.0', '2.10.4'])('the alerts for Netdata %s', (version) => {
  expect(lintHealth(adaptedAlerts(version), { version, catalogue, stock })).toEqual([]);
});

test('texts for 1.37.1, whose placeholders end in a blank, leave no full stop alone', () => {
  for (const text of Object.values(adaptedAlerts('1.37.1'))) expect(text).not.toMatch(/\$label:\w+ +[.,:;]/);
});

test('docs/alerts.md has a section for each alert and none for others', () => {
  const entities = Object.entries(adaptedAlerts('2.10.4')).flatMap(([file, text]) => parseHealth(file, text));
  const alerts = entities.filter(({ lines }) => lines.some(({ key }) => key === 'warn' || key === 'crit'));
  const text = readFileSync(join(repository, 'docs/alerts.md'), 'utf8');
  const sections = Array.from(text.matchAll(/^### (\w+)$/gm), ([, name]) => name);
  expect(sections.sort()).toEqual(alerts.map(({ name }) => name.replace('nginx_upstream_', '')).sort());
});

describe('the lint finds', () => {
  const guard = ' AND (($now - $last_collected_t) < (15 * $update_every))';
  const fine = [
    ' template: nginx_upstream_x',
    '       on: nginx_upstream.upstream_failures',
    '    class: Errors',
    '     type: Web Server',
    'component: NGINX',
    '     calc: $lost_sustained',
    '    units: requests',
    '    every: 5s',
    `     warn: ($lost_sustained > 0)${guard}`,
    '    delay: down 1m',
    '     info: lost requests',
    '       to: webmaster',
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
    ['a lookup', [...fine, ' lookup: sum -1m unaligned of refused'], 'looks something up'],
    ['a threshold that the chart owns', [...fine, ' green: 5'], 'belong to the chart'],
    ['a helper', fine.filter((line) => !line.includes('warn:')), 'is a helper'],
    ['an alert without a guard', changed(guard, ''), 'warn has no guard'],
    ['a variable that is nothing', changed('$lost_sustained', '$nothing'), '$nothing is not of its chart'],
    [
      'a variable of another chart',
      changed('$lost_sustained', braced('nginx_upstream.client_outcomes.ok')),
      'is not of its chart',
    ],
    ['another alert', changed('$lost_sustained', '$nginx_upstream_refused'), 'is not of its chart'],
    [
      'precedence that 1.37.1 gets wrong',
      changed('calc: $lost_sustained', 'calc: $this > 0 AND $this > 2 * $refused'),
      'arithmetic beside',
    ],
    ['AND beside OR', changed('calc: $lost_sustained', 'calc: $this > 0 AND $this > 2 OR $this < 1'), 'AND beside OR'],
    [
      'a condition without parentheses',
      changed('calc: $lost_sustained', 'calc: $this > 0 ? (1) : (2)'),
      'without parentheses',
    ],
    ['an open parenthesis', changed('calc: $lost_sustained', 'calc: ($this > 0'), 'is not closed'],
    ['a word that is no operator', changed('calc: $lost_sustained', 'calc: $this XOR 1'), 'not understood from:  XOR'],
    ['a name of Netdata', changed('_x', '_taken'), "is one of Netdata's own"],
    ['a name twice', [...fine, ...fine], 'is there twice'],
    [
      'a new placeholder for an old version',
      changed('lost requests', braced('label:upstream')),
      'a placeholder that Netdata',
    ],
    ['a label that the level does not have', changed('lost requests', '$label:peer'), 'a upstream has no label peer'],
    ['a quote', changed('lost requests', "nginx's requests"), 'a quote'],
    ['an alert without a recipient', fine.filter((line) => !line.includes('to:')), 'has no to'],
  ])('%s', (_name, lines, problem) => {
    expect(lint(lines).join('\n')).toContain(problem);
  });
});
