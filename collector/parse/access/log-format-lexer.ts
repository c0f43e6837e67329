export interface FormatProblem {
  readonly problem: string;
}

/**
 * The words of one directive up to its `;`, as nginx reads them (src/core/ngx_conf_file.c, ngx_conf_read_token):
 * quotes only at the start of a word, comments between words, and of the escapes only \" \' \\ \t \r \n are undone.
 * A missing `;` at the end is forgiven: people copy without it.
 */
export function lexArguments(text: string): { readonly words: readonly string[] } | FormatProblem {
  const words: string[] = [];
  let at = 0;
  while (at < text.length) {
    const gap = /^(?:\s+|#[^\n]*)/.exec(text.slice(at));
    if (gap) {
      at += gap[0].length;
      continue;
    }
    if (text[at] === ';') return { words };
    const word = wordAt(text.slice(at));
    if (word === null) return { problem: 'a quote is not closed in the log_format directive' };
    words.push(unescapeWord(word.body));
    at += word.length;
  }
  return { words };
}

function wordAt(text: string): { readonly body: string; readonly length: number } | null {
  const quote = text[0];
  if (quote === '"' || quote === "'") {
    const quoted = (quote === '"' ? /^"((?:\\.|[^"\\])*)"/s : /^'((?:\\.|[^'\\])*)'/s).exec(text);
    return quoted ? { body: quoted[1] ?? '', length: quoted[0].length } : null;
  }
  const plain = /^(?:\\.|\$\{|[^\s;{\\])+/s.exec(text) ?? [text.slice(0, 1)];
  return { body: plain[0], length: plain[0].length };
}

const controls: Readonly<Record<string, string>> = { t: '\t', r: '\r', n: '\n' };

function unescapeWord(word: string): string {
  return word.replace(/\\(["'\\trn])/g, (_, c: string) => controls[c] ?? c);
}
