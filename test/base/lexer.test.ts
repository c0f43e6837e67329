import { expect, test } from 'vitest';
import { createLexer } from '../../collector/base/syntax/lexer.ts';

/** `[words…]END` for each statement up to the end of the file. */
function statements(text: string): string[] {
  const lexer = createLexer(text);
  const all: string[] = [];
  for (;;) {
    const { words, end } = lexer.next();
    all.push(`${JSON.stringify(words.map((word) => word.text))}${end}`);
    if (end === 'eof') return all;
  }
}

function problems(text: string): string[] {
  const lexer = createLexer(text);
  const all: string[] = [];
  for (;;) {
    const statement = lexer.next();
    all.push(...statement.problems.map((problem) => `${problem.line}: ${problem.text}`));
    if (statement.end === 'eof') return all;
  }
}

test.each<[string, string, string[]]>([
  ['words are divided by blanks, tabs and line ends', 'a b\tc\r\nd;', ['["a","b","c","d"];', '[]eof']],
  ['a block', 'a { b; }', ['["a"]{', '["b"];', '[]}', '[]eof']],
  ['a comment only begins where a word may', 'a b#c; # d;\ne;', ['["a","b#c"];', '["e"];', '[]eof']],
  ['quotes only count where a word begins', `a b"c"d 'e f';`, ['["a","b\\"c\\"d","e f"];', '[]eof']],
  ['an empty word', `a "";`, ['["a",""];', '[]eof']],
  [
    'quotes may hold the other kind, ; and {',
    `a "it's; {" 'say "x" }';`,
    ['["a","it\'s; {","say \\"x\\" }"];', '[]eof'],
  ],
  ['a quoted word may span lines', 'a "b\nc";', ['["a","b\\nc"];', '[]eof']],
  ['six escapes are undone', String.raw`a "\t\r\n\"\'\\";`, ['["a","\\t\\r\\n\\"\'\\\\"];', '[]eof']],
  ['other escapes stay, for regular expressions', String.raw`a \.\d+\x1f;`, ['["a","\\\\.\\\\d+\\\\x1f"];', '[]eof']],
  ['an escaped character never ends a word', String.raw`a b\;c\{d\ e;`, ['["a","b\\\\;c\\\\{d\\\\ e"];', '[]eof']],
  ['an escape at the start of a word', String.raw`a \"b;`, ['["a","\\"b"];', '[]eof']],
  ['a brace after $ belongs to the word', 'a ${b}c${d} {', ['["a","${b}c${d}"]{', '[]eof']],
  ['a brace inside a word ends it', 'location ~ ^/a{2}$ {', ['["location","~","^/a"]{', '["2}$"]{', '[]eof']],
  ['a closing brace inside a word is ordinary', 'a b}c;', ['["a","b}c"];', '[]eof']],
  ['a parenthesis may follow a quote', 'if ($x = "a") {', ['["if","($x","=","a",")"]{', '[]eof']],
  ['non-ASCII text', 'server_name müller.example "☃ 𝄞";', ['["server_name","müller.example","☃ 𝄞"];', '[]eof']],
  ['nothing', '', ['[]eof']],
  ['only a comment without line end', '# x', ['[]eof']],
])('%s', (_, text, expected) => {
  expect(statements(text)).toEqual(expected);
});

test.each<[string, string, string[]]>([
  ['the end inside a directive', 'a;\nb c', ['2: unexpected end of file, expecting ";" or "}"']],
  [
    'a quote that is never closed',
    'a;\nb "c;\nd;\n',
    ['2: the quote " that opens here is never closed', '4: unexpected end of file, expecting ";" or "}"'],
  ],
  ['text right after a quote', 'a "b"c;', ['1: unexpected "c" right after a closing quote']],
  ['a lone semicolon', 'a;\n;', ['2: unexpected ";"']],
  ['a block without a name', '\n{ }', ['2: unexpected "{"']],
  ['a closing brace instead of a semicolon', 'a {\n b c\n}', ['3: unexpected "}": a ";" is missing before it']],
  [
    'a parameter longer than nginx takes',
    `a "${'x'.repeat(4097)}";`,
    ['1: too long parameter "xxxxxxxxxx..." started'],
  ],
  ['none', 'a "b"; c { d; }', []],
])('names %s', (_, text, expected) => {
  expect(problems(text)).toEqual(expected);
});

test.each<[string, string]>([
  ['braces', 'if x then y = { 1, { 2 } } end'],
  ['strings with braces', `say("}") say('}') say("\\"}")`],
  ['long strings', 'local s = [[ } ]] local t = [==[ }]] } ]==]'],
  ['comments', '-- it is } here\n--[[ and\n } here ]] x = 1'],
  ['an index that looks like a long string', 'x = a[b[1]] .. "}"'],
])('skips Lua with %s', (_, source) => {
  const lexer = createLexer(`content_by_lua_block {\n${source}\n} after;`);
  expect(lexer.next().words.map((word) => word.text)).toEqual(['content_by_lua_block']);
  expect(lexer.skipLua()).toBe(true);
  const after = lexer.next();
  expect(after.words.map((word) => word.text)).toEqual(['after']);
  expect(after.line).toBe(source.split('\n').length + 2);
});

test('Lua without an end ends with the file', () => {
  const lexer = createLexer('a_by_lua_block { "}" \n x');
  lexer.next();
  expect(lexer.skipLua()).toBe(false);
  expect(lexer.next().end).toBe('eof');
});
