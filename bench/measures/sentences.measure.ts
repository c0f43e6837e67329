/**
 * Every sentence that a user reads, by where it comes from: `npm run docs:sentences`. With BEFORE=FOLDER, another
 * version of the repository, also each sentence that is new, beside the one of that version that it resembles most.
 */
import { writeFileSync } from 'node:fs';
import { test } from 'vitest';
import { readableFiles, textsOf } from '../../test/support/texts.ts';

/** Where sentences stand; the first that matches counts. */
const places: readonly (readonly [string, RegExp])[] = [
  ['pages', /^(?:docs\/(?!decisions\/).*\.md|README\.md|CHANGELOG\.md|SECURITY\.md|CONTRIBUTING\.md)$/],
  ['alerts', /^alerts\/.*\.conf$/],
  ['settings', /^docs\/.*\.(?:conf|yaml)$|^collector\/config\//],
  ['chart titles', /^charts\/subjects\//],
  ['findings of check', /^collector\/discover\//],
  ['verdicts of diagnose', /^collector\/(?:diagnose|commands\/diagnose)\//],
  ['report', /^collector\/commands\/report\//],
  ['commands and help', /^collector\/commands\//],
  ['Functions', /^collector\/functions\//],
  ['log lines and errors', /^collector\//],
  ['demo', /^demo\/.*\.ts$/],
  ['install.sh', /^install\.sh$/],
];

const placeOf = (path: string): string | null => places.find(([, pattern]) => pattern.test(path))?.[0] ?? null;

/** Of a shell script and of alerts only what is printed. */
function printed(path: string, text: string): readonly string[] {
  if (path.startsWith('alerts/'))
    return Array.from(text.matchAll(/^ *(?:summary|info): ((?:.*\\\n)*.*)$/gm), ([, said = '']) => said);
  if (path === 'install.sh') {
    const help = /<<'END'\n([\s\S]*?)\nEND\n/.exec(text)?.[1] ?? '';
    return [
      ...help.split(/\n\n|\n {2}(?=-)/),
      ...Array.from(text.matchAll(/\b(?:say|die|warn|lack|change) "([^"\n]{12,})"/g), ([, said = '']) => said),
    ];
  }
  return [text];
}

/** At least three words; ends at a full stop before a capital, at an empty line and at a cell of a table. */
function sentencesOf(text: string): readonly string[] {
  return text
    .replace(/^['"`]|['"`]$/g, '')
    .split(/\n\s*\n|\n(?=\s*(?:[-*#|]|\d+\.) )| \| |(?<=[.!?]) (?=[A-Z`])|\\n/)
    .map((each) => each.replace(/[\s#*\\]+/g, ' ').trim())
    .filter((each) => /(?:[A-Za-z’']{2,}[ ,;:.]+){2,}[A-Za-z]{2,}/.test(each));
}

interface Sentence {
  readonly place: string;
  readonly path: string;
  readonly text: string;
}

function collect(root?: string): readonly Sentence[] {
  return readableFiles(root).flatMap((path) => {
    const place = placeOf(path);
    if (place === null) return [];
    return textsOf(path, root)
      .filter(({ kind }) => kind !== 'comment')
      .flatMap(({ text }) => printed(path, text).flatMap(sentencesOf))
      .map((text) => ({ place, path, text }));
  });
}

const wordsOf = (text: string): ReadonlySet<string> => new Set(text.toLowerCase().match(/[a-z0-9_]+/g));

/** The sentence of the same file that shares most words; null below a third. */
function resembling(text: string, candidates: readonly string[]): string | null {
  const words = wordsOf(text);
  let best: string | null = null;
  let most = 1 / 3;
  for (const candidate of candidates) {
    const others = wordsOf(candidate);
    const common = [...words].filter((word) => others.has(word)).length;
    const share = common / (words.size + others.size - common);
    if (share > most) [best, most] = [candidate, share];
  }
  return best;
}

test('sentences', { timeout: 300_000 }, () => {
  const now = collect();
  const file = process.env['SENTENCES'] ?? 'dist/sentences.tsv';
  const before = process.env['BEFORE'] === undefined ? [] : collect(process.env['BEFORE']);
  const known = new Set(before.map(({ text }) => text));
  const kept = new Set(now.map(({ text }) => text));
  const gone = before.filter(({ text }) => !kept.has(text));
  const rows = now.map(({ place, path, text }) => {
    const isNew = before.length > 0 && !known.has(text);
    const old = isNew
      ? resembling(
          text,
          gone.filter((each) => each.path === path).map((each) => each.text),
        )
      : null;
    return {
      place,
      path,
      text,
      old,
      is: before.length === 0 ? '' : !isNew ? 'same' : old === null ? 'new' : 'changed',
    };
  });
  writeFileSync(
    file,
    rows.map(({ place, path, is, text, old }) => [place, path, is, text, old ?? ''].join('\t')).join('\n'),
  );
  const counts = [...places.map(([place]) => place), 'total'].map((place) => {
    const of = rows.filter((row) => place === 'total' || row.place === place);
    const count = (is: string) => of.filter((row) => row.is === is).length;
    return { place, sentences: of.length, changed: count('changed'), new: count('new'), same: count('same') };
  });
  console.table(counts);
});
