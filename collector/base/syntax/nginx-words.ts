/** Words of nginx.conf. */

/** Nothing in it ends a word, opens a quote or begins a comment; `{` right behind `$` belongs to a variable. */
const bare = /^(?!["'#}])(?:\$\{|[^\s;{"'\\])+$/;

/** A word that nginx's lexer reads as `text`. */
function nginxWord(text: string): string {
  return bare.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** A directive on one line, with its `;`. */
export function nginxLine(name: string, args: readonly string[]): string {
  return `${[name, ...args.map(nginxWord)].join(' ')};`;
}
