/** Words that read as translated stand nowhere: not in pages, alerts, titles, help, messages, comments or names of tests. */
import { expect, test } from 'vitest';
import { readableFiles, textsOf } from '../support/texts.ts';

/** What is not written, what is written instead, and a sentence that has it. */
const words: readonly (readonly [RegExp, string, string])[] = [
  [/\b(?:un)?mend(?:s|ed|ing)?\b/, 'fix; N findings', '2 to mend'],
  [
    /\bfelt\b|\bfeels? (?:it|them|this)\b|\bwhom? (?:feels|it hits?|they hit)\b/,
    'affected, failed, impact on clients',
    'and who felt it',
  ],
  [
    /\bmasked (?:by|from)\b|\b(?:requests?|failures?|clients?) (?:is|are|was|were) masked\b/,
    'hidden by a retry',
    '3 requests were masked',
  ],
  [/\b(?:go|goes|went|going|gone) on\b/, 'keeps …ing; continues', 'the peer goes on refusing'],
  [/\bfor (?:want|lack) of\b/, 'because there is no …', 'killed for want of memory'],
  [/\b(?:re)?t(?:ells?|elling|old)\b/, 'shows, says, reports, asks; distinguishes', 'the log does not tell'],
  [/\bwhat (?:its |the )?clients (?:got|get)\b/, 'client results', 'what clients got'],
  [/\b(?:the|its) spare is gone\b/, 'no redundancy left', 'clients are fine, the spare is gone'],
  [/\b(?:is|are) no [\w-]+ of\b/, 'is not a …; no such …', '10.0.0.1:80 is no peer of shop'],
  [/\bby (?:itself|themselves)\b/, 'automatically; alone; separately', 'it starts by itself'],
  [
    /\blook(?:s|ed|ing)? at\b|\b(?:an?|each|every|one|next|last|first|two|these|between|our|its) looks?\b(?! (?:alike|like))/,
    'check',
    'at every look',
  ],
  [/\btaken for\b/, 'treated as', 'a copy is taken for it'],
  [/\b(?:of|with) one['’]s own\b|\bof (?:its|their|our) own\b/, 'its own …', 'a page of its own'],
  [/\bas (?:it|they) (?:(?:was|were) made|stands?|stood)\b/, 'the way it was created; unchanged', 'read as it stands'],
  [/\bwhole\b|\ball of it\b/, 'entire, complete; integer; or nothing', 'the whole server'],
  [/\breckon(?:s|ed|ing)?\b/, 'infer, count', 'reckoned from the failures'],
  [/\bshall\b/, 'the present tense; should', 'servers that shall serve'],
  [/\bno (?:health|proof)\b/, 'does not mean that all is well; does not prove', 'a note is no health'],
];

/** Found all the same, with the reason. */
const exceptions: readonly { readonly path: string; readonly text: string; readonly why: string }[] = [];

interface Hit {
  readonly path: string;
  readonly at: string;
  readonly text: string;
}

/** Line breaks with what begins the next line of a comment, as blanks: words are found across them. */
const inOneLine = (text: string): string =>
  text.replace(/\n[ \t]*(?:\*(?!\/)|\/\/|#)?/g, (found) => ' '.repeat(found.length));

function hitsIn(path: string): readonly Hit[] {
  return textsOf(path).flatMap(({ line, text }) => {
    const read = inOneLine(text);
    return words.flatMap(([pattern, instead]) =>
      Array.from(read.matchAll(new RegExp(pattern.source.replaceAll(' ', ' +'), 'gi')), ({ 0: found, index }) => {
        const place = `${path}:${line + text.slice(0, index).split('\n').length - 1}`;
        const around = read.slice(Math.max(0, index - 60), index + 60).trim();
        return { path, at: `${place}: ${found} (write: ${instead}): ${around}`, text: around };
      }),
    );
  });
}

const own = 'test/contract/voice.test.ts';
const exceptionOf = (hit: Hit) => exceptions.find(({ path, text }) => path === hit.path && hit.text.includes(text));

test('no text has a word that reads as translated', () => {
  const files = readableFiles().filter((path) => path !== own);
  expect(files.length).toBeGreaterThan(700);
  const hits = files.flatMap(hitsIn);
  expect(hits.filter((hit) => exceptionOf(hit) === undefined).map(({ at }) => at)).toEqual([]);
  const used = new Set(hits.map(exceptionOf));
  expect(exceptions.filter((each) => !used.has(each))).toEqual([]);
});

test.each(words)('%s is found', (pattern, instead, sentence) => {
  const found = hitsIn(own).filter(({ at }) => at.includes(`(write: ${instead})`));
  expect(found.map(({ text }) => text).join('\n')).toContain(sentence);
  expect(sentence).toMatch(pattern);
});

test('comments, strings and templates are read, code and module names are not', () => {
  // A comment that is found: shown here.
  const value = 1;
  const template = `before ${`inner ${value} text`} after`;
  expect(template).toBe('before inner 1 text after');
  const texts = textsOf(own);
  const has = (kind: string, text: string) => texts.some((each) => each.kind === kind && each.text.includes(text));
  expect(has('comment', 'A comment that is found: shown')).toBe(true);
  expect(texts.some(({ text }) => text === ' after') && texts.some(({ text }) => text === ' text')).toBe(true);
  expect(texts.some(({ text }) => text === "'../support/texts.ts'")).toBe(false);
  expect(texts.some(({ text }) => text.includes(['readonly', 'RegExp'].join(' ')))).toBe(false);
});
