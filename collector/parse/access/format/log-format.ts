import { undoEscapes } from '../../../base/syntax/lexer.ts';
import { type FormatProblem, lexArguments } from './lexer.ts';

/** How nginx escapes values: `null` when only the text of the format is known, not its directive. */
export type Escape = 'default' | 'json' | 'none';

export type FormatPart =
  | { readonly literal: string; readonly variable?: never }
  | { readonly variable: string; readonly literal?: never };

/** A log_format as nginx understands it: its name where known, its escaping, its literals and variables in order. */
export interface ParsedFormat {
  readonly name: string | null;
  readonly escape: Escape | null;
  readonly parts: readonly FormatPart[];
}

export type FormatResult = { readonly format: ParsedFormat } | { readonly problem: string };

/** Predefined by nginx: src/http/modules/ngx_http_log_module.c, ngx_http_combined_fmt. */
const combined =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"';

/** The largest one seen in public has 130; reading a line takes as many steps. */
const mostParts = 2000;

/**
 * Reads a log_format in any of the ways a person has it at hand.
 *
 * @param pasted `combined`; or a complete directive as a configuration has it (`log_format name escape=json '…' "…";`);
 *   its arguments with their quotes, also behind its name; or the text of the format as nginx concatenates it, without
 *   quotes; or the entry of an ingress controller's ConfigMap
 */
export function readLogFormat(pasted: string): FormatResult {
  const text = pasted.replace(comments, '').replace(configMapKey, '');
  if (text.trim() === 'combined')
    return { format: { name: 'combined', escape: 'default', parts: splitParts(combined) } };
  const isDirective = /^\s*log_format\s/.test(text);
  const label = isDirective ? null : nameBefore.exec(text);
  const args = pastedArguments(text.slice(label?.[0].length ?? 0));
  if (args !== null) return readArguments(label?.[1] ?? null, args);
  // A shell takes the quotes off and leaves the backslashes: nginx reads those in a bare word as in a quoted one.
  if (!isDirective) return whole(null, null, undoEscapes(text));
  const lexed = lexArguments(text);
  if ('problem' in lexed) return lexed;
  const [, name, ...rest] = lexed.words;
  if (name === undefined || rest.length === 0) return { problem: 'log_format needs a name and a format' };
  return readArguments(name, rest);
}

/** `log-format-upstream: '…'` in YAML, also folded. */
const configMapKey = /^\s*log-format(?:-upstream|-stream)?: +(?:[>|][+-]? *\n\s*)?/;
/** Lines before what is wanted: comments of the file that it was copied from. */
const comments = /^(?:[ \t]*#[^\n]*\n|\s*\n)+/;
/** The name of a log_format whose directive's own name was left out: only arguments with their quotes stand behind it. */
const nameBefore =
  /^\s*([\w.-]+)\s+(?=(?:escape=\w+\s+)?(?:'(?:[^'\\]|\\.)*'\s*|"(?:[^"\\]|\\.)*"\s*|#[^\n]*\n\s*)+;?\s*$)/;
/** In front of the first argument of a directive. */
const argumentStart = /^\s*(?:escape=\w+\s+)?(?:'|"(?=(?:[^"\\]|\\.)*(?:\\"|";\s*$)))/;

/**
 * The arguments as a configuration has them, with their quotes but without the directive's name; null where the text
 * is none. In double quotes only if quotes are escaped inside: a format may begin and end with a quotation mark.
 */
function pastedArguments(text: string): readonly string[] | null {
  if (!argumentStart.test(text)) return null;
  const lexed = lexArguments(`log_format x ${text}`);
  return 'problem' in lexed || lexed.words.length < 3 ? null : lexed.words.slice(2);
}

/**
 * A log_format from the arguments of its directive, quotes and escapes already taken off (what a configuration parser
 * delivers). nginx joins the arguments with nothing between them.
 */
export function readArguments(name: string | null, args: readonly string[]): FormatResult {
  const [first = '', ...others] = args;
  const escaping = /^escape=(.*)$/s.exec(first)?.[1];
  if (escaping === undefined) return whole(name, 'default', args.join(''));
  if (escaping !== 'default' && escaping !== 'json' && escaping !== 'none') {
    return { problem: `unknown log format escaping "${escaping}"` };
  }
  return whole(name, escaping, others.join(''));
}

function whole(name: string | null, escaping: Escape | null, text: string): FormatResult | FormatProblem {
  if (text.trim() === '') return { problem: 'the log format is empty' };
  if (text.includes('\n')) return { problem: 'a log format with a line break in it cannot be read line by line' };
  if (/\$(?![A-Za-z0-9_]|\{[A-Za-z0-9_]+\})/.test(text)) return { problem: `invalid variable name in "${text}"` };
  const parts = splitParts(text);
  if (parts.length > mostParts)
    return { problem: `the log format has ${parts.length} parts; at most ${mostParts} are read` };
  return { format: { name, escape: escaping, parts } };
}

/** `$name` and `${name}` are variables, anything else is literal (ngx_http_log_compile_format). */
function splitParts(text: string): FormatPart[] {
  const parts: FormatPart[] = [];
  let end = 0;
  for (const match of text.matchAll(/\$(?:([A-Za-z0-9_]+)|\{([A-Za-z0-9_]+)\})/g)) {
    if (match.index > end) parts.push({ literal: text.slice(end, match.index) });
    parts.push({ variable: match[1] ?? match[2] ?? '' });
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push({ literal: text.slice(end) });
  return parts;
}
