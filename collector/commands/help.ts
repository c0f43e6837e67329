/** `--help`: of the program and of each command, for the width of the terminal. Pure. */
import type { HelpLine } from './command.ts';
import { wrapped } from './terminal.ts';

const indent = '  ';
const hanging = 10;
const narrowest = 40;
/** Longer lines are hard to read, however wide the terminal is. */
const widest = 100;
const usual = 80;

/** @param columns of the terminal; undefined where output is none */
export function helpWidth(columns: number | undefined, env: Readonly<Record<string, string | undefined>>): number {
  const wanted = columns ?? Number(env['COLUMNS'] ?? usual);
  return Math.min(widest, Math.max(narrowest, Number.isInteger(wanted) ? wanted : usual));
}

/** An option with its value, a group in brackets with the groups inside it, or a word. */
const usageParts = /\[(?:[^[\]]|\[[^\]]*\])*\]|--\w+ [A-Z]\w*|\S+/g;

/** `nginx-upstream report [--json] …`: broken between the options, never within one. */
export function usageLines(lead: string, synopsis: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = lead;
  for (const [part] of synopsis.matchAll(usageParts)) {
    if (line.length + 1 + part.length > width) {
      lines.push(line);
      line = `${' '.repeat(hanging)}${part}`;
    } else line += ` ${part}`;
  }
  return [...lines, line];
}

/** Options in two columns; each text begins behind the widest option of its command, or below it where that is narrow. */
export function helpLines(lines: readonly HelpLine[], width: number): readonly string[] {
  const options = lines.filter((line) => typeof line !== 'string');
  const column = Math.max(0, ...options.map(([option]) => option.length)) + indent.length;
  return lines.flatMap((line) => {
    if (typeof line !== 'string') return wrapped(line[1], `${indent}${line[0].padEnd(column)}`, width);
    return line.startsWith(indent) ? [line] : wrapped(line, '', width);
  });
}
