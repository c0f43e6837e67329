/**
 * Cuts nginx.conf into statements exactly as nginx does (src/core/ngx_conf_file.c: ngx_conf_read_token), except that a
 * syntax error is noted and reading continues.
 */
import { skipLuaBlock } from './lua.ts';

export interface Word {
  readonly text: string;
  readonly line: number;
  /** Characters before it on its line. */
  readonly indent: number;
  readonly quoted: boolean;
}

export interface LexicalProblem {
  readonly line: number;
  readonly text: string;
}

/** What stands before the next `;`, `{`, `}` or the end of the file. */
export interface Statement {
  readonly words: readonly Word[];
  readonly line: number;
  readonly end: ';' | '{' | '}' | 'eof';
  readonly problems: readonly LexicalProblem[];
}

export interface Lexer {
  next(): Statement;
  /** Skips a block of Lua source whose `{` has just been read. False when its `}` is missing. */
  skipLua(): boolean;
}

/** NGX_CONF_BUFFER: nginx refuses a longer parameter. */
const longestWord = 4096;

const escapes: Readonly<Record<string, string>> = { t: '\t', r: '\r', n: '\n' };

/** Only these escapes are undone; any other backslash stays, which is what regular expressions rely on. */
export function undoEscapes(raw: string): string {
  return raw.includes('\\') ? raw.replace(/\\(["'\\trn])/g, (_, char: string) => escapes[char] ?? char) : raw;
}

/** Codes of characters: comparing them is several times faster than comparing one-character strings. */
const code = {
  tab: 9,
  lf: 10,
  cr: 13,
  space: 32,
  hash: 35,
  dollar: 36,
  semicolon: 59,
  backslash: 92,
  brace: 123,
} as const;

function isBlank(char: number): boolean {
  return char === code.space || char === code.lf || char === code.tab || char === code.cr;
}

/** Looks no further than `to`: in a file of one line, each word would search to its end. */
function countLines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at += 1) {
    if (text.charCodeAt(at) === code.lf) count += 1;
  }
  return count;
}

/** Where a quoted word ends: the position of its closing quote, or -1. */
function closingQuote(text: string, from: number): number {
  const quote = text[from - 1];
  for (let at = from; at < text.length; at += 1) {
    const char = text[at];
    if (char === '\\') {
      at += 1;
    } else if (char === quote) {
      return at;
    }
  }
  return -1;
}

/** Where a bare word ends. `{` right after `$` belongs to it, so do quotes, `}` and `#`. */
function bareEnd(text: string, from: number): number {
  let variable = false;
  let at = from;
  for (; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === code.brace && variable) continue;
    variable = char === code.dollar;
    if (char === code.backslash) at += 1;
    else if (char === code.semicolon || char === code.brace || isBlank(char)) break;
  }
  return Math.min(at, text.length);
}

function placed({ line, indent }: Pick<Word, 'line' | 'indent'>): Pick<Word, 'line' | 'indent'> {
  return { line, indent };
}

/** Reads `text` from its start; positions are lines from 1. */
export function createLexer(text: string): Lexer {
  let position = 0;
  let line = 1;
  let lineStart = 0;

  function moveTo(to: number): void {
    const lines = countLines(text, position, to);
    if (lines > 0) lineStart = text.lastIndexOf('\n', to - 1) + 1;
    line += lines;
    position = to;
  }

  function skipBlanksAndComments(): void {
    for (; position < text.length; position += 1) {
      const char = text.charCodeAt(position);
      if (char === code.lf) {
        line += 1;
        lineStart = position + 1;
      } else if (char === code.hash) {
        const end = text.indexOf('\n', position);
        // The line's end itself is counted with the next character.
        position = end < 0 ? text.length : end - 1;
      } else if (!isBlank(char)) return;
    }
  }

  function readQuoted(problems: LexicalProblem[]): Word {
    const start = { line, indent: position - lineStart, position: position + 1 };
    const end = closingQuote(text, start.position);
    if (end < 0) {
      problems.push({ line, text: `the quote ${text[position]} that opens here is never closed` });
      moveTo(text.length);
      return { ...placed(start), text: undoEscapes(text.slice(start.position)), quoted: true };
    }
    moveTo(end + 1);
    const next = text[position];
    if (next !== undefined && !/[ \t\r\n;{)]/.test(next)) {
      problems.push({ line, text: `unexpected "${next}" right after a closing quote` });
    }
    return { ...placed(start), text: undoEscapes(text.slice(start.position, end)), quoted: true };
  }

  function readWord(problems: LexicalProblem[]): Word {
    const from = position;
    const start = { line, indent: position - lineStart };
    const char = text[position];
    if (char === '"' || char === "'") {
      const word = readQuoted(problems);
      if (position - from > longestWord) {
        problems.push({ line: start.line, text: `too long parameter "${word.text.slice(0, 10)}..." started` });
      }
      return word;
    }
    moveTo(bareEnd(text, position));
    return { ...start, text: undoEscapes(text.slice(from, position)), quoted: false };
  }

  /** A statement ends here, if at all; says what is wrong with an end that stands at this place. */
  function readEnd(char: string | undefined, empty: boolean, problems: LexicalProblem[]): Statement['end'] | null {
    if (char === undefined) {
      if (!empty) {
        problems.push({ line, text: 'unexpected end of file, expecting ";" or "}"' });
      }
      return 'eof';
    }
    if (char !== '}' && char !== ';' && char !== '{') {
      return null;
    }
    if (empty !== (char === '}')) {
      const hint = char === '}' ? ': a ";" is missing before it' : '';
      problems.push({ line, text: `unexpected "${char}"${hint}` });
    }
    position += 1;
    return char;
  }

  function next(): Statement {
    const words: Word[] = [];
    const problems: LexicalProblem[] = [];
    for (;;) {
      skipBlanksAndComments();
      const at = words[0]?.line ?? line;
      const end = readEnd(text[position], words.length === 0, problems);
      if (end !== null) {
        return { words, line: at, end, problems };
      }
      words.push(readWord(problems));
    }
  }

  return {
    next,
    skipLua(): boolean {
      const end = skipLuaBlock(text, position);
      moveTo(end < 0 ? text.length : end);
      return end >= 0;
    },
  };
}
