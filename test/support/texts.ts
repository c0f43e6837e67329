/**
 * What a person reads of this repository: comments and string literals of code, the prose of pages, and all of files
 * that have little else (alerts, shell, settings).
 */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from './repository.ts';

export interface Text {
  /** Relative to the repository. */
  readonly path: string;
  readonly line: number;
  readonly kind: 'comment' | 'string' | 'prose';
  readonly text: string;
}

type Piece = Omit<Text, 'path' | 'line'> & { readonly at: number };

const folders = ['collector', 'charts', 'alerts', 'demo', 'docs', 'bench', 'test', '.ci'];
const isRead = /\.(?:ts|js|cjs|md|conf|sh|awk|bats|bash|yaml)$|^(?:\.ci\/[\w-]+|\.github\/.*)$/;

/** Every file with text for people, relative to the repository. Recorded outputs and lists of others are not ours. */
export function readableFiles(root = repository): readonly string[] {
  const found: string[] = [];
  const walk = (path: string): void => {
    if (!statSync(join(root, path)).isDirectory()) {
      if (isRead.test(path)) found.push(path);
      return;
    }
    for (const name of readdirSync(join(root, path))) walk(`${path}/${name}`);
  };
  for (const folder of folders) walk(folder);
  return [...found, ...readdirSync(root).filter((name) => isRead.test(name))].sort();
}

/** Where a slash begins a regular expression: behind an operator or a keyword, not behind a value. */
const beforeRegExp = /(?:^|[=(,:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of))\s*$/;
const regExp = /\/(?![*/])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const comment = /\/\*[\s\S]*?\*\/|\/\/[^\n]*/y;
const quoted = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/y;

/** Comments and string literals of TypeScript; of a template its text without the expressions, which are read as code. */
function ofCode(source: string): readonly Piece[] {
  const pieces: Piece[] = [];
  /** For each open template: how many braces are open in its expression. */
  const depths: number[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0] ?? null;
  };
  /** From `at`, behind a backtick or the brace that ends an expression, to the next of them. */
  const template = (): void => {
    const text = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*/y;
    text.lastIndex = at;
    const found = text.exec(source)?.[0] ?? '';
    pieces.push({ kind: 'string', text: found, at });
    at += found.length;
    if (source.startsWith('${', at)) depths.push(0);
    at += source[at] === '`' ? 1 : 2;
  };
  while (at < source.length) {
    const character = source[at];
    const said = take(comment) ?? take(quoted);
    if (said !== null) {
      pieces.push({ kind: said.startsWith('/') ? 'comment' : 'string', text: said, at });
      at += said.length;
    } else if (character === '`') {
      at++;
      template();
    } else if (character === '/' && beforeRegExp.test(source.slice(Math.max(0, at - 12), at))) {
      at += take(regExp)?.length ?? 1;
    } else if (character === '}' && depths.at(-1) === 0) {
      depths.pop();
      at++;
      template();
    } else {
      const depth = depths.length - 1;
      if (depth >= 0 && character === '{') depths[depth] = (depths[depth] as number) + 1;
      if (depth >= 0 && character === '}') depths[depth] = (depths[depth] as number) - 1;
      at++;
    }
  }
  return pieces.filter(({ at: start }) => !isSpecifier(source, start));
}

/** `from './x.ts'`: a path, not a text. */
function isSpecifier(source: string, at: number): boolean {
  return /(?:\bfrom|\bimport|\bimport\()\s*$/.test(source.slice(Math.max(0, at - 12), at));
}

/** A page without its code blocks and code spans. */
function ofPage(source: string): readonly Piece[] {
  const pieces: Piece[] = [];
  const code = /```[\s\S]*?```|`[^`\n]*`|^(?: {4}|\t).*$/gm;
  let last = 0;
  for (const { 0: found, index } of source.matchAll(code)) {
    pieces.push({ kind: 'prose', text: source.slice(last, index), at: last });
    last = index + found.length;
  }
  return [...pieces, { kind: 'prose', text: source.slice(last), at: last }];
}

/** What a person reads of one file. @param root of another version of the repository */
export function textsOf(path: string, root = repository): readonly Text[] {
  const source = readFileSync(join(root, path), 'utf8');
  const isCode = /\.(?:ts|js|cjs)$/.test(path);
  const all: Piece = { kind: 'prose', text: source, at: 0 };
  const pieces = isCode ? ofCode(source) : path.endsWith('.md') ? ofPage(source) : [all];
  return pieces.map(({ at, ...piece }) => ({ ...piece, path, line: source.slice(0, at).split('\n').length }));
}
