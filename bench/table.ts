/** What was measured, as one table in Markdown. */
import { readFileSync, writeFileSync } from 'node:fs';

export interface Row {
  readonly what: string;
  /** Empty: there is none, the figure is for comparison. */
  readonly target: string;
  readonly measured: string;
  /** null: nothing to judge here. */
  readonly isMet: boolean | null;
}

/** Of several runs: the least says something of a program on a machine that others use; the spread, of the machine. */
export interface Runs {
  readonly least: number;
  readonly spread: string;
}

export function runsOf(values: readonly number[], digits = 2): Runs {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const [from, to] = [least.toFixed(digits), most.toFixed(digits)];
  return { least, spread: from === to ? from : `${from} to ${to}` };
}

export function table(rows: readonly Row[]): string {
  const cells = rows.map(({ what, target, measured, isMet }) => [
    what,
    target,
    measured,
    isMet === null ? '' : isMet ? 'met' : '**missed**',
  ]);
  const head = ['what', 'target', 'measured (least to most)', ''];
  return [head, head.map(() => '---'), ...cells].map((each) => `| ${each.join(' | ')} |`).join('\n');
}

const begin = '<!-- bench: written by npm run bench -- --markdown -->';
const end = '<!-- /bench -->';

/** Puts the text between the two marks of a file, instead of what stands there. */
export function writeBetweenMarks(path: string, text: string): void {
  const before = readFileSync(path, 'utf8');
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${path}: no lines "${begin}" and "${end}"`);
  writeFileSync(path, `${before.slice(0, from + begin.length)}\n${text.trim()}\n${before.slice(to)}`);
}
