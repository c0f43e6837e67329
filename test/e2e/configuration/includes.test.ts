/** Patterns of `include` beside nginx's own: the same files in the same order, whatever characters names are made of. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readTree } from '../../../collector/nginx/syntax/tree.ts';
import { disk } from '../../support/hosts/disk.ts';
import { run } from '../../support/run.ts';
import { tool } from '../../support/servers/packages.ts';
import { tempDir } from '../../support/temp.ts';

/** One pattern with the names that it is tried on; `folder` is a pattern, too, and `folders` are there. */
interface Case {
  readonly folders: readonly string[];
  readonly folder: string;
  readonly files: readonly string[];
  readonly pattern: string;
}

/** `[` and `*` are in many names, as in many patterns. */
const letters = fc.constantFrom(...'aab-c.^]![*?\\:{}()|$+~, "\'#;=é☃\t'.split(''));
const name = fc
  .array(letters, { minLength: 1, maxLength: 4 })
  .map((chars) => chars.join(''))
  .filter((text) => text !== '.' && text !== '..');
const bits = [
  '*',
  '*',
  '?',
  '[',
  ']',
  '[a-c]',
  '[!-a]',
  '[^b]',
  '[]-]',
  '[[:alpha:]]',
  '[[:nope:]]',
  '[[.-.]]',
  '[[=a=]]',
];
const wild = fc.constantFrom(...bits, '[c-a]', '[a-', '[\\]]', '\\', '\\*', '[[:digit:', '[a-\\c]', '[:a:]');
const pattern = fc.array(fc.oneof(letters, wild), { minLength: 1, maxLength: 5 }).map((parts) => parts.join(''));

const randomCase: fc.Arbitrary<Case> = fc.record({
  folders: fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
  // An escaped slash, and a pattern that `..` matches, would make folders themselves a match.
  folder: fc.oneof(name, pattern, fc.constant('*')).filter((text) => !/^\\?\.|\\$/.test(text)),
  files: fc.uniqueArray(name, { minLength: 1, maxLength: 5 }),
  // `.*` matches the folder itself, which nginx cannot read.
  pattern: fc
    .oneof(
      pattern,
      name.map((text) => `${text.slice(0, 1)}*`),
      name.map((text) => `*${text.slice(-1)}`),
    )
    .filter((text) => !/^\\?\./.test(text)),
});

/** A bracket that no `]` ends, and an escape at the end, are what versions of glibc disagree about. */
const named: readonly Case[] = [
  { folders: ['app-1', 'app'], folder: 'app-*', files: ['site-a.conf', 'site.conf', 'x'], pattern: 'site-*.conf' },
  { folders: ['a b'], folder: 'a b', files: ['[2026-11].conf', '2.conf', '-.conf'], pattern: '[2026-11]*.conf' },
  { folders: ['d'], folder: '?', files: ['é', '☃', 'ab', 'a'], pattern: '??' },
  { folders: ['d'], folder: 'd', files: ['.h', 'h', '..h'], pattern: '.*h' },
  { folders: ['x', '.x'], folder: '*', files: ['[a', '[ab', 'a'], pattern: '[a*' },
  { folders: ['x*', 'xx'], folder: 'x\\*', files: ['a', 'b'], pattern: '[ab]' },
];

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

test('every pattern reads the files that nginx reads', async () => {
  const nginx = await tool('nginx');
  const cases = [...named, ...fc.sample(randomCase, { numRuns: 400 })];
  const root = tempDir('glob');
  for (const [at, { folders, files }] of cases.entries()) {
    for (const folder of folders) {
      mkdirSync(join(root, `${at}`, folder), { recursive: true });
      for (const file of files) writeFileSync(join(root, `${at}`, folder, file), '# nothing\n');
    }
  }
  // What is no pattern must exist; this is about patterns.
  const lines = cases.map(({ folder, pattern }, at) => `include ${quoted(`${at}/${folder}/${pattern}*`)};`);
  writeFileSync(join(root, 'nginx.conf'), `events { }\n${lines.join('\n')}\n`);
  const { stdout, stderr } = await run(
    nginx.path,
    ['-T', '-p', root, '-e', join(root, 'e.log'), '-c', join(root, 'nginx.conf'), '-g', 'pid x.pid;'],
    { env: nginx.env },
  );
  expect(stderr).toContain('test is successful');
  const theirs = Array.from(stdout.matchAll(/^# configuration file (.*?):\n/gms), ([, path]) => path);
  const tree = readTree(join(root, 'nginx.conf'), disk);
  expect(tree.problems).toEqual([]);
  const at = (path: string | undefined) => Number(path?.slice(root.length + 1).split('/')[0]);
  const byCase = (paths: readonly (string | undefined)[]) =>
    cases.map((each, index) => ({ ...each, read: paths.filter((path) => at(path) === index) }));
  expect(byCase(tree.files)).toEqual(byCase(theirs));
  expect(tree.files.length).toBeGreaterThan(cases.length / 10);
});
