/** The tests' reader of Netdata's expressions against the real 1.37.1: simple ones, and every one that is shipped. */
import { expect, test } from 'vitest';
import { parseHealth } from '../../contract/health-lint.ts';
import { evaluate, type Variables } from '../../support/alerts/expressions.ts';
import { adaptedAlerts, startNetdata } from '../../support/servers/netdata.ts';

const simple = [
  '1 + 2 * 3',
  '(1 + 2) * 3',
  '$zero - 2 - 3',
  '12 / 4 / 3',
  '$one > 0',
  '$one > 1',
  '$one >= 1 AND $two <= 2',
  '$one == 2 OR $two == 2',
  '$one != 2 AND $zero',
  'NOT $zero',
  '!($one)',
  '($one > 0) ? (7) : (8)',
  '($zero > 0) ? (7) : (8)',
  '($one > 0) ? ($two > 5) : ($two > 1)',
  '($one + $two) > (2 * $one)',
  '$one > (($two >= 3) ? (0.5) : (1.5))',
  '((($one) > 0) ? (1) : (0)) + (($two > 2) ? (1) : (0))',
];

/** What an alert's own circumstances are, as plain variables. */
const plain = (text: string): string =>
  text
    .replaceAll('($now - $last_collected_t)', '$age')
    .replaceAll('$update_every', '$every')
    .replaceAll(/\$(status|WARNING|CRITICAL|green|red|this)\b/g, (_, name: string) => `$v_${name.toLowerCase()}`);

const shipped = Object.entries(adaptedAlerts('1.37.1'))
  .flatMap(([file, text]) => parseHealth(file, text))
  .flatMap(({ lines }) => lines.filter(({ key }) => ['calc', 'warn', 'crit'].includes(key)))
  .map(({ value }) => plain(value));

const names = [...new Set([...shipped, ...simple].flatMap((text) => text.match(/\$\w+/g) ?? []))]
  .map((name) => name.slice(1))
  .sort();

/** Several sets of values, so that each branch is taken by some. */
const sets: readonly Variables[] = [0, 1, 2, 3, 4, 5].map((seed) =>
  Object.fromEntries(
    names.map((name, i) => {
      const fixed: Record<string, number> = {
        zero: 0,
        one: 1,
        two: 2,
        age: seed === 5 ? 90 : 1,
        every: 1,
        v_warning: 3,
        v_critical: 4,
        v_status: 1 + ((seed * 3) % 4),
        v_green: 3,
        v_red: 5,
      };
      return [name, fixed[name] ?? ((i * 7 + seed * 13) % 5) * (seed === 0 ? 0 : seed)];
    }),
  ),
);

test('every expression has the value that Netdata gives it', async () => {
  const expressions = [...simple, ...shipped];
  const charts = sets.map((variables, set) => {
    const lines = Object.entries(variables).map(([name, value]) => `VARIABLE CHART ${name} = ${value}`);
    return {
      create: `CHART expr.s${set} '' 'T' 'x' 'family ${set}' 'expr.set${set}' line 1 1\nDIMENSION d '' absolute 1 1`,
      update: `BEGIN expr.s${set}\n${lines.join('\n')}\nSET d = 1\nEND`,
    };
  });
  const plugin = `#!/bin/sh
cat <<'X'
${charts.map(({ create }) => create).join('\n')}
X
while :; do
cat <<'X'
${charts.map(({ update }) => update).join('\n')}
X
sleep 1; done
`;
  const template = (text: string, i: number, set: number) =>
    ` template: e${i}_s${set}\n       on: expr.set${set}\n     calc: ${text}\n    every: 1s\n     info: x\n       to: silent\n`;
  const health = sets.map((_, set) => expressions.map((text, i) => template(text, i, set)).join('\n')).join('\n');
  const netdata = await startNetdata({ plugins: { 'expr.plugin': plugin }, health: { 'expr.conf': health } });
  const values = await netdata.waitFor(
    async () => {
      const alarms = Object.values(await netdata.alarms());
      const found = new Map(alarms.map(({ name, value }) => [name, value]));
      const isThere = found.size === expressions.length * sets.length && [...found.values()].every((v) => v !== null);
      return isThere ? found : null;
    },
    'all alarms to have a value',
    40_000,
  );
  for (const [set, variables] of sets.entries()) {
    for (const [i, text] of expressions.entries()) {
      const real = values.get(`e${i}_s${set}`) ?? Number.NaN;
      expect(real, `${text} with ${JSON.stringify(variables)}`).toBeCloseTo(evaluate(text, variables), 4);
    }
  }
}, 90_000);
