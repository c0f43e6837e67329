/** docs/architecture.md is true to the tree: its rooms and its files (its glossary: names.test.ts). */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const page = readFileSync('docs/architecture.md', 'utf8');
const sections = new Map(page.split(/^## /m).map((text) => [text.split('\n')[0] ?? '', text]));
const spans = (text: string) => Array.from(text.matchAll(/`([^`\n]+)`/g), ([, span = '']) => span);
const rows = (name: string) =>
  (sections.get(name) ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
    .slice(1)
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));

test('every folder of the collector and of the repository is a room of the table, and every room is there', () => {
  const named = rows('The rooms').flatMap(([room = '', holds = '']) =>
    spans(`${room}${holds}`).map((span) => span.replace(/\/$/, '')),
  );
  const folders = readdirSync('collector', { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && readdirSync(`collector/${entry.name}`).length > 0)
    .map(({ name }) => `collector/${name}`);
  const missing = [...folders, 'charts', 'demo', 'alerts', 'test'].filter((folder) => !named.includes(folder));
  expect(missing).toEqual([]);
});

test('every file or folder that the page names is there', () => {
  const paths = spans(page).filter((span) => /^[a-z][\w./-]*\/$|^[a-z][\w/-]*\.(?:ts|json|awk)$/.test(span));
  const places = [
    '',
    'collector/',
    'collector/runtime/',
    'collector/system/',
    'collector/diagnose/',
    'charts/',
    'alerts/',
    'test/',
  ];
  expect(paths.length).toBeGreaterThan(25);
  // The checkpoint is written on the machine of a user.
  const written = ['nginx-upstream.checkpoint.json'];
  const isThere = (path: string) => places.some((place) => existsSync(place + path));
  expect(paths.filter((path) => !written.includes(path) && !isThere(path))).toEqual([]);
});
