/** Who may import what (docs/architecture.md). The linter enforces the same table; here it is readable, and checked. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { repository } from '../support/repository.ts';

/** room → other rooms (or files) it may import from, and whether it may touch Node and packages. */
const rooms: Record<
  string,
  { readonly from: readonly string[]; readonly node?: boolean; readonly packages?: readonly string[] }
> = {
  // Node's own reading of addresses is pure.
  'collector/base': { from: [], packages: ['node:net'] },
  'collector/model': { from: [] },
  'collector/system': { from: ['collector/base'], node: true },
  'collector/source': { from: ['collector/base', 'collector/model.ts', 'collector/system'], node: true },
  'collector/decode': { from: ['collector/base', 'collector/model.ts'], packages: ['split2'] },
  'collector/parse': { from: ['collector/base', 'collector/model.ts'] },
  'collector/aggregate': { from: ['collector/base', 'collector/model.ts'] },
  'collector/nginx': { from: ['collector/base', 'collector/model.ts'] },
  'collector/discover': {
    from: ['collector/base', 'collector/model.ts', 'collector/system', 'collector/nginx', 'collector/parse'],
  },
  'collector/config': { from: ['collector/base', 'collector/model.ts'], packages: ['yaml'] },
  'collector/diagnose': {
    from: ['collector/base', 'collector/model.ts', 'collector/system', 'collector/nginx', 'collector/parse'],
  },
  'collector/functions': { from: ['collector/base', 'collector/model.ts', 'collector/diagnose'] },
  'collector/netdata': {
    from: ['collector/base', 'collector/model.ts', 'collector/system', 'collector/decode'],
    node: true,
  },
  charts: { from: ['collector/model.ts'] },
};

function sourceFiles(folder: string): string[] {
  return readdirSync(join(repository, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(repository, join(entry.parentPath, entry.name)));
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(repository, file), 'utf8');
  const found = text.matchAll(/^(?:(?:import|export)\s[^;'"]*?\sfrom|import)\s+'([^']+)'/gm);
  return Array.from(found, ([, name = '']) => (name.startsWith('.') ? normalize(join(dirname(file), name)) : name));
}

describe.each(Object.entries(rooms))('%s', (room, { from, node = false, packages = [] }) => {
  const files = sourceFiles(room);

  test.each(files.length > 0 ? files : ['(empty)'])('%s', (file) => {
    if (file === '(empty)') return;
    const strangers = importsOf(file).filter((name) => {
      if (packages.includes(name)) return false;
      if (name.startsWith('node:')) return !node;
      return ![room, ...from].some((allowed) => name === allowed || name.startsWith(`${allowed}/`));
    });
    expect(strangers).toEqual([]);
  });
});

test('model.ts is the door of model/, nothing imports app.ts but main.ts, and only app.ts and the commands import runtime/', () => {
  expect(importsOf('collector/model.ts').sort()).toEqual(sourceFiles('collector/model').sort());
  const behindTheDoor = [...sourceFiles('collector'), ...sourceFiles('charts')].filter((file) =>
    importsOf(file).some((name) => name.startsWith('collector/model/')),
  );
  expect(behindTheDoor.filter((file) => !/^collector\/model(\.ts|\/)/.test(file))).toEqual([]);
  const importers = sourceFiles('collector').filter((file) => importsOf(file).includes('collector/app.ts'));
  expect(importers).toEqual(['collector/main.ts']);
  const composed = sourceFiles('collector').filter((file) =>
    importsOf(file).some((name) => name.startsWith('collector/runtime/')),
  );
  expect(composed.filter((file) => !/^collector\/(app\.ts|commands\/|runtime\/)/.test(file))).toEqual([]);
});

test('the linter has a fence for every room, at every depth of its folders', () => {
  const { overrides } = JSON.parse(readFileSync(join(repository, 'biome.json'), 'utf8')) as {
    overrides: {
      includes: string[];
      linter: { rules: { style?: Record<string, unknown>; correctness?: Record<string, unknown> } };
    }[];
  };
  for (const [room, { node = false }] of Object.entries(rooms)) {
    const fence = overrides.find(({ includes }) => includes.includes(`${room}/**`))?.linter.rules;
    expect(fence?.style, room).toHaveProperty('noRestrictedImports');
    expect(Boolean(fence?.correctness?.['noNodejsModules']), room).toBe(!node);
    const depth = (file: string) => relative(room, dirname(file)).split('/').filter(Boolean).length;
    for (let level = Math.max(...sourceFiles(room).map(depth)); level > 0; level -= 1) {
      const folders = `${room}/${'*/'.repeat(level)}**`;
      const inner = overrides.find(({ includes }) => includes.includes(folders))?.linter.rules;
      expect(inner?.style, folders).toHaveProperty('noRestrictedImports');
    }
  }
});
