/** The command line that nginx's master keeps in its process title (src/os/unix/ngx_process_cycle.c: ngx_master_process_cycle). */

export interface MasterArgs {
  /** As the title has it. */
  readonly text: string;
  readonly program: string;
  /** `-p`, with no slash at its end. */
  readonly prefix: string | null;
  /** `-c`. */
  readonly conf: string | null;
  /** `-g`: directives of the main context. */
  readonly globals: string | null;
  /** `-e`, since 1.19.5. */
  readonly errorLog: string | null;
}

const valued = /^-([pcge])(.*)$/;

/**
 * The title joins the words with blanks and forgets the quotes, so the value of `-g` (`daemon off; user x;`) is taken to
 * the next word that can only be an option: `-p`, `-c`, `-e` behind a `;`.
 */
export function parseMasterArgs(text: string): MasterArgs {
  const [program = '', ...words] = text.trim().split(/\s+/);
  const values = optionValues(words);
  return {
    text,
    program,
    prefix: values['p']?.replace(/(.)\/+$/, '$1') ?? null,
    conf: values['c'] ?? null,
    globals: values['g'] ?? null,
    errorLog: values['e'] ?? null,
  };
}

function optionValues(words: readonly string[]): Readonly<Record<string, string>> {
  const values: Record<string, string> = {};
  let open: string | null = null;
  for (const word of words) {
    const option: RegExpExecArray | null = isInside(open, values['g']) ? null : valued.exec(word);
    if (option !== null) {
      const [, name = '', glued = '']: readonly string[] = option;
      open = name;
      if (glued !== '') values[name] = glued;
    } else if (open !== null && (open === 'g' || values[open] === undefined)) {
      const before = values[open];
      values[open] = before === undefined ? word : `${before} ${word}`;
    }
  }
  return values;
}

/** In the middle of a directive of `-g`. */
function isInside(open: string | null, globals: string | undefined): boolean {
  return open === 'g' && globals !== undefined && !globals.trim().endsWith(';');
}
