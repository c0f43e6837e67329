/** How the commands that a person reads write to a terminal: harmless text, colour, width. */
import { printable } from '../base/printable.ts';
import type { Streams } from './command.ts';

const styles = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Style = keyof typeof styles;

/** Makes a text harmless, and colours it where colour is wanted. */
export type Paint = (style: Style, text: string) => string;

export interface Terminal {
  readonly paint: Paint;
  /** Columns; null where output is no terminal: then nothing is wrapped. */
  readonly width: number | null;
}

/** JSON for a terminal, too: JSON.stringify leaves DEL, C1 and what reorders text as they are. */
export function json(value: unknown): string {
  return harmlessJson(JSON.stringify(value));
}

/** The same for a text that is JSON already: what is escaped can only stand inside its strings. */
export function harmlessJson(text: string): string {
  return text.replace(
    /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export function painter(colour: boolean): Paint {
  return colour ? (style, text) => `\u001b[${styles[style]}m${printable(text)}\u001b[0m` : (_, text) => printable(text);
}

/** What `stdout` is; NO_COLOR (no-color.org) and TERM=dumb are respected. */
export function terminalOf(stdout: Streams['stdout'], env: Readonly<Record<string, string | undefined>>): Terminal {
  const isTerminal = 'isTTY' in stdout && stdout.isTTY === true;
  const columns = 'columns' in stdout && typeof stdout.columns === 'number' ? stdout.columns : 80;
  return {
    paint: painter(isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb'),
    width: isTerminal ? Math.max(40, columns) : null,
  };
}

/**
 * A paragraph in lines of at most `width` columns, the first behind `lead`, the others behind as many blanks. A word
 * that is longer stands alone: commands and paths must stay complete to be copied. `width` null: one line.
 */
export function wrapped(text: string, lead: string, width: number | null): readonly string[] {
  const indent = ' '.repeat(lead.length);
  const lines: string[] = [];
  let line = lead;
  for (const word of text.split(' ')) {
    const isFirst = line === lead || line === indent;
    if (width !== null && !isFirst && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent + word;
    } else line += isFirst ? word : ` ${word}`;
  }
  return [...lines, line];
}
