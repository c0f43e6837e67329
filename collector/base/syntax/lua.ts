/**
 * `*_by_lua_block { … }` holds Lua source, not directives: its end is found by counting braces outside Lua's strings and
 * comments (Lua 5.1 manual, section 2.1; OpenResty's own lexer does the same).
 */

/** The position behind `[[ … ]]` or `[==[ … ]==]` that starts at `from`; -1 when it has no end, `from` when it is none. */
function skipLongBracket(text: string, from: number): number {
  const opening = /\[(=*)\[/y;
  opening.lastIndex = from;
  const match = opening.exec(text);
  if (match === null) {
    return from;
  }
  const closing = `]${match[1]}]`;
  const end = text.indexOf(closing, opening.lastIndex);
  return end < 0 ? -1 : end + closing.length;
}

function skipComment(text: string, from: number): number {
  const long = skipLongBracket(text, from + 2);
  if (long !== from + 2) {
    return long;
  }
  const end = text.indexOf('\n', from);
  return end < 0 ? -1 : end;
}

function skipString(text: string, from: number): number {
  const quote = text[from];
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === '\\') {
      at += 1;
    } else if (text[at] === quote || text[at] === '\n') {
      return at + 1;
    }
  }
  return -1;
}

/** The position behind a string, comment or long bracket at `from`; `from` itself when none starts there. */
function skipLiteral(text: string, from: number): number {
  const char = text[from];
  if (char === '"' || char === "'") {
    return skipString(text, from);
  }
  if (char === '-' && text[from + 1] === '-') {
    return skipComment(text, from);
  }
  return char === '[' ? skipLongBracket(text, from) : from;
}

/** The position behind the `}` that closes the block whose content starts at `from`; -1 when there is none. */
export function skipLuaBlock(text: string, from: number): number {
  let depth = 1;
  let at = from;
  while (at < text.length) {
    const behind = skipLiteral(text, at);
    if (behind < 0) {
      return -1;
    }
    if (behind > at) {
      at = behind;
      continue;
    }
    const char = text[at];
    at += 1;
    if (char === '{') {
      depth += 1;
    } else if (char === '}') {
      depth -= 1;
      if (depth === 0) {
        return at;
      }
    }
  }
  return -1;
}
