/** Statements whose `;` was forgotten. */
import type { Word } from '../../base/syntax/lexer.ts';
import { knownDirectives } from './directive-names.ts';

/**
 * Splits a statement where a line begins with a directive's name: the `;` before it was forgotten. A line that is indented
 * deeper than the directive continues with its arguments, whatever they are called: `access_log … \n    gzip flush=1s;`.
 */
export function splitForgotten(words: readonly Word[]): readonly (readonly Word[])[] {
  if (words[0]?.line === words.at(-1)?.line) return [words];
  const parts: Word[][] = [];
  let part: Word[] = [];
  const isContinued = (word: Word): boolean => word.indent > (part[0]?.indent ?? 0);
  for (const word of words) {
    const previous = part.at(-1);
    const begins = previous !== undefined && !word.quoted && word.line > previous.line && !isContinued(word);
    if (begins && knownDirectives.has(word.text)) {
      parts.push(part);
      part = [];
    }
    part.push(word);
  }
  return [...parts, part];
}
