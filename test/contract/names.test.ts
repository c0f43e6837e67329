/** One name, one thing; and no file that needs, by way of others, itself. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { expect, test } from 'vitest';
import { repository } from '../support/repository.ts';

const files = ['collector', 'charts'].flatMap((folder) =>
  readdirSync(join(repository, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(repository, join(entry.parentPath, entry.name))),
);
const texts = new Map(files.map((file) => [file, readFileSync(join(repository, file), 'utf8')]));

/** What a file exports, types among it. */
function exportsOf(text: string): string[] {
  const declared = text.matchAll(
    /^export (?:declare )?(?:async )?(?:abstract )?(?:const|let|function\*?|class|interface|type|enum) (\w+)/gm,
  );
  const listed = text.matchAll(/^export (?:type )?\{([^}]*)\}/gm);
  const names = Array.from(listed, ([, list = '']) => list.split(',')).flat();
  const public_ = names.map((name) =>
    name
      .trim()
      .replace(/^type /, '')
      .replace(/^.* as /, ''),
  );
  return [...Array.from(declared, ([, name = '']) => name), ...public_].filter((name) => name !== '');
}

/** What a file imports of this repository, types among it. */
function importsOf(file: string): string[] {
  const found = (texts.get(file) ?? '').matchAll(/^(?:(?:import|export)\s[^;'"]*?\sfrom|import)\s+'(\.[^']+)'/gm);
  return Array.from(found, ([, name = '']) => normalize(join(dirname(file), name)));
}

test('no exported name stands in two files', () => {
  const holders = new Map<string, string[]>();
  for (const [file, text] of texts) {
    for (const name of new Set(exportsOf(text))) holders.set(name, [...(holders.get(name) ?? []), file]);
  }
  expect(holders.size).toBeGreaterThan(300);
  const twice = [...holders].filter(([, places]) => places.length > 1);
  expect(twice.map(([name, places]) => `${name}: ${places.join(', ')}`)).toEqual([]);
});

test('no file needs itself by way of others, not even for a type', () => {
  const done = new Set<string>();
  const circles: string[] = [];
  const walk = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) circles.push([...path.slice(at), file].join(' → '));
    if (at >= 0 || done.has(file)) return;
    for (const next of importsOf(file)) walk(next, [...path, file]);
    done.add(file);
  };
  for (const file of files) walk(file, []);
  expect(circles).toEqual([]);
  expect(importsOf('collector/main.ts')).toContain('collector/app.ts');
});

test('these tests see what they look for', () => {
  const text = `export const a = 1;\nexport async function b() {}\nexport interface C {}\nexport { d, type e as f };\nexport type G = 1;`;
  expect(exportsOf(text)).toEqual(['a', 'b', 'C', 'G', 'd', 'f']);
});

test('no two charts have the same place on the page', () => {
  const found = [...texts].filter(([file]) => file.startsWith('charts/'));
  const priorities = found.flatMap(([, text]) =>
    Array.from(text.matchAll(/^ {2}priority: (\d+),$/gm), ([, number]) => number),
  );
  expect(priorities.length).toBeGreaterThan(30);
  expect(priorities).toEqual([...new Set(priorities)]);
});

test('the glossary names things that there are', () => {
  const glossary = readFileSync(join(repository, 'docs/architecture.md'), 'utf8')
    .split('\n## ')
    .find((part) => part.startsWith('Glossary'));
  const named = (glossary ?? '')
    .split('\n')
    .flatMap((row) => Array.from((row.split('|')[3] ?? '').matchAll(/`(\w+)`/g), ([, name]) => name));
  expect(named.length).toBeGreaterThan(15);
  const there = new Set([...texts.values()].flatMap(exportsOf));
  expect(named.filter((name = '') => !there.has(name))).toEqual([]);
});
