/** What users build dashboards and alerts on: contexts, dimensions and units change only by changing this list. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { catalogue } from '../../charts/catalogue.ts';

const frozen = readFileSync(join(import.meta.dirname, 'contexts.txt'), 'utf8');

test('contexts, levels, units and dimensions are those of the committed list', () => {
  const rows = catalogue.map(
    ({ name, level, units, dimensions }) =>
      `nginx_upstream.${name} | ${level} | ${units} | ${dimensions.map(({ id }) => id).join(' ')}`,
  );
  expect(`${rows.sort().join('\n')}\n`).toBe(frozen);
});

test('names are unique, and short enough for an id of 200 characters', () => {
  const names = catalogue.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name } of catalogue)
    expect(`nginx_upstream_${'j'.repeat(40)}.${name}_${'s'.repeat(80)}`.length).toBeLessThan(200);
});

test('titles are noun phrases that fit a menu', () => {
  for (const { title } of catalogue) {
    expect(title.length, title).toBeLessThanOrEqual(60);
    expect(title, title).toMatch(/^[A-Z][^.;:'"]*$/);
  }
});

test('the second dimension, which both dashboards draw red, is none that is good', () => {
  const good = new Set([
    'ok',
    'connected',
    'reused',
    '2xx',
    '3xx',
    'up',
    'accepted',
    'handled',
    'established',
    'returned',
    'none',
  ]);
  for (const { name, dimensions } of catalogue) expect(good.has(dimensions[1]?.id ?? ''), name).toBe(false);
});

test('refusals are red, and what is drawn blue or green beside them is rare', () => {
  for (const { name, dimensions } of catalogue) {
    const ids = dimensions.map(({ id }) => id);
    if (ids.includes('refused')) expect(ids.slice(0, 3), name).toEqual(['no_files', 'refused', 'no_ports']);
  }
});
