import { createLexer } from '../../../base/syntax/lexer.ts';

export interface FormatProblem {
  readonly problem: string;
}

/**
 * The words of one directive up to its `;`, as nginx reads them. A missing `;` at the end is forgiven, people copy without
 * it, and so is a brace that stands alone.
 */
export function lexArguments(text: string): { readonly words: readonly string[] } | FormatProblem {
  const lexer = createLexer(text);
  const words: string[] = [];
  for (;;) {
    const statement = lexer.next();
    words.push(...statement.words.map((word) => word.text));
    if (statement.problems.some((problem) => problem.text.startsWith('the quote '))) {
      return { problem: 'a quote is not closed in the log_format directive' };
    }
    if (statement.end === ';' || statement.end === 'eof') return { words };
    words.push(statement.end);
  }
}
