/** What a file is, by its first lines. Pure. */

import { createUnwrapper } from '../../../decode/unwrap.ts';
import type { ParsedFormat } from '../../../parse/access/format/log-format.ts';
import { type AccessMatcher, createAccessMatcher } from '../../../parse/access/match/matcher.ts';
import { matchBehindPrefix } from '../../../parse/access/prefixes.ts';
import { parseErrorLine } from '../../../parse/error/line.ts';
import { contentOf } from '../../content.ts';

export type LogKind =
  /** Most lines are of an error log. */
  | {
      readonly is: 'error';
      /** Most lines are inside something else. */
      readonly isWrapped: boolean;
    }
  | {
      readonly is: 'access';
      readonly matchers: readonly AccessMatcher[];
      readonly isWrapped: boolean;
    }
  | { readonly is: 'unknown'; readonly reason: string };

const mostLines = 50;

/** Lines with their newlines. */
function firstLines(head: Buffer): readonly Buffer[] {
  const lines: Buffer[] = [];
  for (let p = 0; p < head.length && lines.length < mostLines; ) {
    const newline = head.indexOf(10, p);
    const end = newline === -1 ? head.length : newline;
    // copytruncate can leave a run of NUL bytes at the beginning.
    while (p < end && head[p] === 0) p++;
    const line = head.subarray(p, end);
    if (line.some((byte) => byte > 32)) lines.push(Buffer.concat([line, Buffer.from('\n')]));
    p = end + 1;
  }
  return lines;
}

const count = <T>(all: readonly T[], wanted: (each: T) => boolean): number => all.filter(wanted).length;

export const matchTolerantly = ({ match }: AccessMatcher, bytes: Buffer, from: number): number => {
  const end = match(bytes, from);
  return end >= 0 ? end : matchBehindPrefix(match, bytes, from);
};

function isBinary(head: Buffer): boolean {
  const odd = head.reduce((sum, byte) => sum + (byte < 9 || (byte > 13 && byte < 27) || byte === 127 ? 1 : 0), 0);
  return odd > 0.02 * head.length || head.toString().split('\uFFFD').length > 0.1 * head.length;
}

function strange(head: Buffer): string {
  if (isBinary(head)) return 'is a binary file, not a log';
  return (
    'holds no line of an nginx error log, and none of an access log in a known log_format: a log of another program? ' +
    'If it is nginx’s, give its log_format with --format, or nginx’s main file with --conf'
  );
}

/** A format has one matcher for all files: each line is counted before the next one is matched. */
const matchers = new WeakMap<ParsedFormat, AccessMatcher>();

export function reportMatcher(format: ParsedFormat): AccessMatcher {
  const known = matchers.get(format);
  if (known !== undefined) return known;
  const made = createAccessMatcher(format);
  matchers.set(format, made);
  return made;
}

/** @param head the beginning of the file: some complete lines @param candidates sets of formats, the likeliest first */
export function kindOfLog(head: Buffer, candidates: readonly (readonly ParsedFormat[])[]): LogKind {
  // Lines can be read in an archive, too, but those at the edges of its members are lost.
  const content = contentOf(head);
  if (content !== null) return { is: 'unknown', reason: `${content.what}: ${content.remedy('report -')}` };
  const unwrapper = createUnwrapper();
  const outer = firstLines(head);
  const lines = outer.flatMap((line) => {
    const text = line.toString().trimEnd();
    const inner = unwrapper.line(text);
    return inner === null
      ? []
      : [{ bytes: inner === text ? line : Buffer.from(`${inner}\n`), isWrapped: inner !== text }];
  });
  const isWrapped = lines.length < outer.length || 2 * count(lines, (line) => line.isWrapped) > lines.length;
  const isError = ({ bytes }: { readonly bytes: Buffer }): boolean => parseErrorLine(bytes.toString()) !== null;
  if (lines.length > 0 && lines.every(isError)) return { is: 'error', isWrapped };
  let best: { matched: number; matchers: readonly AccessMatcher[] } = { matched: 0, matchers: [] };
  for (const formats of candidates) {
    const all = formats.map(reportMatcher);
    const matched = count(lines, ({ bytes }) => all.some((each) => matchTolerantly(each, bytes, 0) >= 0));
    if (matched > best.matched) best = { matched, matchers: all };
    if (matched === lines.length) break;
  }
  // Of so many files as a night leaves, nearly all are of one kind from their first line on: the other is not tried.
  const errors = best.matched < lines.length ? count(lines, isError) : 0;
  if (errors > 0 && errors >= best.matched) return { is: 'error', isWrapped };
  if (best.matched > 0) return { is: 'access', matchers: best.matchers, isWrapped };
  return { is: 'unknown', reason: strange(head) };
}
