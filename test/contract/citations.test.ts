/** What a comment or a page names as a file of this repository is there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const folders = ['collector', 'charts', 'alerts', 'demo', 'test', 'bench', 'docs'];
const texts = [
  ...folders.flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => `${folder}/${name}`)),
  ...readdirSync('.'),
]
  .filter((path) => /\.(ts|js|cjs|conf|sh|md|bats)$/.test(path) && !/^(test\/contract\/citations|CHANGELOG)/.test(path))
  .map((path) => ({ path, text: readFileSync(path, 'utf8') }));

test('pages and decisions that are cited', () => {
  const missing = texts.flatMap(({ path, text }) =>
    Array.from(text.matchAll(/\bdocs\/[\w./-]+\.md\b/g), ([cited]) => cited)
      .filter((cited) => !existsSync(cited))
      .map((cited) => `${path}: ${cited}`),
  );
  expect(missing).toEqual([]);
  const numbers = new Set(readdirSync('docs/decisions').map((file) => file.slice(0, 4)));
  const unknown = texts.flatMap(({ path, text }) =>
    Array.from(text.matchAll(/\bdecision (\d{4})\b/gi), ([, number = '']) => number)
      .filter((number) => !numbers.has(number))
      .map((number) => `${path}: decision ${number}`),
  );
  expect(unknown).toEqual([]);
});

/** As GitHub makes it of a heading. */
const anchorOf = (heading: string) =>
  heading
    .replace(/[`*]/g, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

test('links between pages lead to a file, and to a heading of it', () => {
  const pages = texts.filter(({ path }) => path.endsWith('.md'));
  const links = pages.flatMap(({ path, text }) =>
    Array.from(
      text.replace(/```[\s\S]*?```/g, '').matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g),
      (found) => ({
        path,
        target: found[1] ? join(dirname(path), found[1]) : path,
        anchor: found[2],
      }),
    ),
  );
  expect(links.length).toBeGreaterThan(80);
  const broken = links.filter(({ target, anchor }) => {
    if (!existsSync(target)) return true;
    if (anchor === undefined || !target.endsWith('.md')) return false;
    const headings = Array.from(readFileSync(target, 'utf8').matchAll(/^#+ (.*)$/gm), ([, heading = '']) => heading);
    return !headings.map(anchorOf).includes(anchor);
  });
  expect(broken).toEqual([]);
});

test('nothing that stands elsewhere is cited', () => {
  const cites = /\bdesign(?:\.md|: |'s | section)|\bthe design\b|\bmeasures? \d|\bfacts\/\w+\.md/i;
  expect(texts.filter(({ text }) => cites.test(text)).map(({ path }) => path)).toEqual([]);
});

test('the index of decisions has each of them, by its title', () => {
  const index = readFileSync('docs/decisions/README.md', 'utf8');
  const pages = readdirSync('docs/decisions').filter((name) => /^\d{4}-/.test(name));
  expect(Array.from(index.matchAll(/\]\((\d{4}-[\w-]+\.md)\)/g), ([, name]) => name)).toEqual(pages.sort());
});
