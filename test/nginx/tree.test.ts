import { expect, test } from 'vitest';
import { readDump } from '../../collector/nginx/syntax/dump.ts';
import { readTree } from '../../collector/nginx/syntax/tree.ts';
import type { Directive } from '../../collector/nginx/types.ts';
import { memoryFiles } from './memory-files.ts';

const main = '/etc/nginx/nginx.conf';

/** One line for each directive: indentation, words, place. */
function outline(directives: readonly Directive[], indent = ''): string[] {
  return directives.flatMap(({ name, args, file, line, block }) => [
    `${indent}${[name, ...args].join(' ')} @${file.slice(file.lastIndexOf('/') + 1)}:${line}`,
    ...outline(block ?? [], `${indent}  `),
  ]);
}

function problemsOf(files: Readonly<Record<string, string | null>>): string[] {
  return readTree(main, memoryFiles(files)).problems.map(
    ({ code, file, line, text }) => `${code} ${file}:${line} ${text}`,
  );
}

test('included files stand where their include stood, each directive with its own file and line', () => {
  const tree = readTree(
    main,
    memoryFiles({
      [main]: 'user www-data;\nhttp {\n  include conf.d/*.conf;\n  include "/srv/x.conf";\n}\n',
      '/etc/nginx/conf.d/b.conf': 'server {\n listen 81;\n}',
      '/etc/nginx/conf.d/a.conf': '\nserver { include snippets/log.conf; }',
      '/etc/nginx/conf.d/a.conf.bak': 'broken {',
      '/etc/nginx/conf.d/.hidden.conf': 'broken {',
      '/etc/nginx/snippets/log.conf': 'access_log off;',
      '/srv/x.conf': 'server { }',
    }),
  );
  expect(outline(tree.directives)).toEqual([
    'user www-data @nginx.conf:1',
    'http @nginx.conf:2',
    '  server @a.conf:2',
    '    access_log off @log.conf:1',
    '  server @b.conf:1',
    '    listen 81 @b.conf:2',
    '  server @x.conf:1',
  ]);
  expect(tree.problems).toEqual([]);
  expect(tree.folders).toEqual(['/etc/nginx/conf.d']);
  expect(tree.files).toHaveLength(5);
});

test('-g comes before the file', () => {
  const tree = readTree(main, memoryFiles({ [main]: 'pid /a;' }), 'daemon off; user x;');
  expect(tree.directives.map(({ name, file }) => `${name} ${file}`)).toEqual([
    'daemon command line',
    'user command line',
    `pid ${main}`,
  ]);
});

test('one file included in two contexts is read in both', () => {
  const tree = readTree(
    main,
    memoryFiles({ [main]: 'http { include c; server { include c; } }', '/etc/nginx/c': 'error_log /x;' }),
  );
  expect(outline(tree.directives)).toEqual([
    'http @nginx.conf:1',
    '  error_log /x @c:1',
    '  server @nginx.conf:1',
    '    error_log /x @c:1',
  ]);
});

test.each<[string, Readonly<Record<string, string | null>>, string[]]>([
  ['an include with no match is fine', { [main]: 'include none/*.conf;' }, []],
  [
    'a missing include',
    { [main]: '\ninclude none.conf;' },
    [`include_missing ${main}:2 /etc/nginx/none.conf does not exist`],
  ],
  [
    'an include that may not be read',
    { [main]: 'include x;', '/etc/nginx/x': null },
    [`include_unreadable ${main}:1 /etc/nginx/x cannot be read`],
  ],
  ['a main file that is not there', {}, [`include_missing ${main}:1 ${main} does not exist`]],
  [
    'a file that includes itself through another',
    {
      [main]: 'include a;',
      '/etc/nginx/a': '\n\ninclude ../nginx/b;',
      '/etc/nginx/b': 'x;\ninclude a;',
    },
    [`include_cycle /etc/nginx/b:2 /etc/nginx/a includes itself: ${main} → /etc/nginx/a → /etc/nginx/b → /etc/nginx/a`],
  ],
  [
    'a forgotten semicolon',
    { [main]: 'server {\n  listen 80\n  server_name x;\n}' },
    [`missing_semicolon ${main}:2 "listen" is not ended by ";"`],
  ],
  [
    'a forgotten semicolon at the end of a block',
    { [main]: 'server {\n  listen 80\n}' },
    [`syntax ${main}:3 unexpected "}": a ";" is missing before it`],
  ],
  ['a brace too many', { [main]: 'a { }\n}\nb;' }, [`syntax ${main}:2 unexpected "}"`]],
  ['a brace too few', { [main]: 'a {\n b {\n }\n' }, [`syntax ${main}:1 the block of "a" that opens here has no "}"`]],
  [
    'an included file cannot close the block of another',
    { [main]: 'a { include c; }', '/etc/nginx/c': 'x; }' },
    ['syntax /etc/nginx/c:1 unexpected "}"'],
  ],
  [
    'a byte order mark',
    { [main]: '\uFEFFuser x;' },
    [`syntax ${main}:1 the file begins with a byte order mark, which nginx refuses`],
  ],
])('names %s', (_, files, expected) => {
  expect(problemsOf(files)).toEqual(expected);
});

test('what follows a problem is understood', () => {
  const text = 'upstream a {\n  server 1.1.1.1:1\n  server 2.2.2.2:2;\n}\n}\nupstream b { server 3.3.3.3:3; }';
  expect(outline(readTree(main, memoryFiles({ [main]: text })).directives)).toEqual([
    'upstream a @nginx.conf:1',
    '  server 1.1.1.1:1 @nginx.conf:2',
    '  server 2.2.2.2:2 @nginx.conf:3',
    'upstream b @nginx.conf:6',
    '  server 3.3.3.3:3 @nginx.conf:6',
  ]);
});

test.each<[string, string, string[]]>([
  ['gzip', 'access_log /a f\n           gzip buffer=1m;', ['access_log /a f gzip buffer=1m @nginx.conf:1']],
  ['http2', 'listen 443 ssl\n\t\thttp2;', ['listen 443 ssl http2 @nginx.conf:1']],
  ['least_conn', 'random two\n  least_conn;', ['random two least_conn @nginx.conf:1']],
  ['index', 'try_files $uri\n  index\n  =404;', ['try_files $uri index =404 @nginx.conf:1']],
  ['a table', 'types_hash a\n      set\n      root;', ['types_hash a set root @nginx.conf:1']],
  ['quotes', 'log_format x "a"\n  "server"\n  if;', ['log_format x a server if @nginx.conf:1']],
])('a line that continues with arguments begins no directive: %s', (_, text, expected) => {
  const tree = readTree(main, memoryFiles({ [main]: text }));
  expect(tree.problems).toEqual([]);
  expect(outline(tree.directives)).toEqual(expected);
});

test.each([
  ['tabs', '\tlisten 80\n\tserver_name x;'],
  ['one line and one more', 'server { listen 80\n server_name x; }'],
  ['less indented', '    listen 80\n  server_name x;'],
  ['after a quoted word over lines', 'add_header a "b\n c"\nserver_name x;'],
  ['after a comment', 'listen 80 # here\nserver_name x;'],
])('a forgotten semicolon is seen: %s', (_, text) => {
  const { problems } = readTree(main, memoryFiles({ [main]: text }));
  expect(problems.map(({ code }) => code)).toEqual(['missing_semicolon']);
});

test('in blocks of data, words that are directives elsewhere are data', () => {
  const text = 'map $a $b {\n  default 0\n  ;\n  server 1;\n  "~^x{2}" 2;\n}\ntypes { text/html html\n index; }';
  const tree = readTree(main, memoryFiles({ [main]: text }));
  expect(tree.problems).toEqual([]);
  expect(outline(tree.directives)).toEqual([
    'map $a $b @nginx.conf:1',
    '  default 0 @nginx.conf:2',
    '  server 1 @nginx.conf:4',
    '  ~^x{2} 2 @nginx.conf:5',
    'types @nginx.conf:7',
    '  text/html html index @nginx.conf:7',
  ]);
});

test('nothing that is nested too deep, or includes itself too often, ends the program', () => {
  const deep = readTree(main, memoryFiles({ [main]: 'a {'.repeat(100_000) }));
  expect(deep.problems.map(({ text }) => text)).toContain('blocks are nested more than 100 deep');
  const pairs = Object.fromEntries(
    Array.from({ length: 60 }, (_, at) => [`/etc/nginx/${at}`, `include ${at + 1}; include ${at + 1};`]),
  );
  const wide = readTree(main, memoryFiles({ [main]: 'include 0;', ...pairs, '/etc/nginx/60': 'x;' }));
  expect(wide.problems.map(({ text }) => text)).toContainEqual(
    expect.stringMatching(/^more than 10000 files are included/),
  );
});

test('the output of nginx -T gives the same tree', () => {
  const files = {
    [main]: 'http { include c.d/*; }\n',
    '/etc/nginx/c.d/1': '# configuration\nx;\n',
    '/etc/nginx/c.d/2': 'y;\n',
  };
  const dump = readDump(
    Object.entries(files)
      .map(([path, text]) => `# configuration file ${path}:\n${text}\n`)
      .join(''),
  );
  expect(dump.main).toBe(main);
  expect(outline(readTree(dump.main ?? '', dump.files).directives)).toEqual(
    outline(readTree(main, memoryFiles(files)).directives),
  );
  expect(readDump('nginx: [emerg] no rights\n').main).toBeNull();
});
