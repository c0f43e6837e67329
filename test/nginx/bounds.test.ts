/** What configuration brings is bounded, and said; and no input takes more than its share of time. */
import { describe, expect, test } from 'vitest';
import { bounds } from '../../collector/nginx/bounds.ts';
import { readDump } from '../../collector/nginx/syntax/dump.ts';
import { readTree } from '../../collector/nginx/syntax/tree.ts';
import { growsLinearly } from '../support/growth.ts';
import { configurationOf, memoryFiles } from './memory-files.ts';

const repeat = (count: number, text: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => text(at)).join('');
const address = (at: number): string => `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`;
const tooLarge = (text: string, others: Readonly<Record<string, string>> = {}) =>
  configurationOf(text, others)
    .problems.filter(({ code }) => code === 'too_large')
    .map((problem) => problem.text);

/** A configuration of about so many parts, and files beside it. */
type Input = (count: number) => readonly [string, Readonly<Record<string, string>>?];

const inputs: Readonly<Record<string, Input>> = {
  'statements on one line': (n) => ['a b c; '.repeat(4 * n)],
  'quoted words on one line': (n) => ['a "b" \'c\'; '.repeat(3 * n)],
  'one long bare word': (n) => [`a ${'x'.repeat(100 * n)};`],
  'one long quoted word': (n) => [`a "${'x'.repeat(100 * n)}";`],
  'semicolons alone': (n) => [';'.repeat(40 * n)],
  'braces that open': (n) => ['{'.repeat(15 * n)],
  'braces that close': (n) => ['}'.repeat(40 * n)],
  'quotes that run into words': (n) => ['a "b"c;'.repeat(3 * n)],
  comments: (n) => ['# x\n'.repeat(50 * n)],
  'carriage returns': (n) => ['a;\r\n\r\n'.repeat(8 * n)],
  'forgotten semicolons': (n) => ['listen 1\n'.repeat(6 * n)],
  'Lua that never ends': (n) => ['a_by_lua_block { [==[ '.repeat(10 * n)],
  'Lua strings': (n) => [`a_by_lua_block { ${'x = "}" -- }\n'.repeat(10 * n)} }`],
  'servers in one group': (n) => [`http { upstream a { ${repeat(4 * n, (at) => `server ${address(at)};`)} } }`],
  'groups that share a peer': (n) => [`http { ${repeat(2 * n, (at) => `upstream u${at} { server 10.0.0.1; }`)} }`],
  'virtual hosts with their logs': (n) => [
    `http { ${repeat(n, (at) => `server { access_log /a${at}; error_log /e${at}; location / { proxy_pass http://10.0.0.1:${(at % 60000) + 1}; } }`)} }`,
  ],
  formats: (n) => [
    `http { ${repeat(2 * n, (at) => `log_format f${at} $status; server { access_log /${at} f${at}; }`)} }`,
  ],
  'a map that every server asks': (n) => [
    `http { map $host $b { ${repeat(4 * n, (at) => `h${at} ${address(at)};`)} } ${repeat(n, () => 'server { location / { proxy_pass http://$b; } }')} }`,
  ],
  'variables set again and again': (n) => [
    `http { server { ${repeat(8 * n, (at) => `set $v http://a${at};`)} location / { proxy_pass $v; } } }`,
  ],
  'one file included often': (n) => [
    `http { ${'include x; '.repeat(2 * n)} }`,
    { '/etc/nginx/x': 'server { listen 80; }' },
  ],
  'many problems in one file': (n) => [repeat(4 * n, (at) => `access_log /${at} none;`)],
};

test.each(Object.entries(inputs))('eight times as much is about eight times the work: %s', (_, input) => {
  growsLinearly((count) => {
    const [text, others] = input(count);
    return () => configurationOf(text, others);
  }, 150);
});

describe('what is beyond a bound is said', () => {
  test.each<[string, string, Readonly<Record<string, string>>, string]>([
    [
      'servers',
      `http { upstream a { ${repeat(bounds.servers + 1, (at) => `server ${address(at)};`)} } upstream b { server 1.1.1.1; } }`,
      {},
      `${bounds.servers + 1} servers up to here: the first ${bounds.servers} are taken in`,
    ],
    [
      'upstreams',
      `http { ${repeat(bounds.upstreams + 1, (at) => `upstream u${at} { server 10.0.0.1; }`)} }`,
      {},
      `${bounds.upstreams + 1} upstreams: the first ${bounds.upstreams} are taken in`,
    ],
    [
      'access logs',
      `http { ${repeat(bounds.logs + 9, (at) => `server { access_log /${at}; }`)} }`,
      {},
      `${bounds.logs + 9} access logs: the first ${bounds.logs} are taken in`,
    ],
    [
      'error logs',
      `http { ${repeat(bounds.logs, (at) => `server { error_log /${at}; }`)} }`,
      {},
      `${bounds.logs + 1} error logs: the first ${bounds.logs} are taken in`,
    ],
    [
      'files',
      'include x;',
      { '/etc/nginx/x': 'include y; '.repeat(bounds.files), '/etc/nginx/y': '' },
      `more than ${bounds.files} files are included: the rest is not read, beginning with /etc/nginx/y`,
    ],
    [
      'directives',
      'a;'.repeat(bounds.directives + 2),
      {},
      `more than ${bounds.directives} directives are included: the rest is not read`,
    ],
    [
      'bytes',
      'include x; include x;',
      { '/etc/nginx/x': '#'.repeat(bounds.bytes / 2 + 1) },
      'more than 64 MB are included: the rest is not read, beginning with /etc/nginx/x',
    ],
  ])('%s', (_, text, others, expected) => {
    expect(tooLarge(text, others)).toEqual([expected]);
  });

  test('a pattern of hidden folders, which doubles with each segment', () => {
    const mask = `/tmp${'/.*'.repeat(28)}/x.conf`;
    const disk = { ...memoryFiles({ '/n': `include ${mask};\ninclude ${mask};\nevents { }` }), readFolder: () => [] };
    const { directives, problems } = readTree('/n', disk);
    const text = `patterns of includes are looked up in 10000 folders with 1000000 names, for 10000 files: the rest of ${mask} is not read`;
    expect(problems).toEqual([1, 2].map((line) => ({ code: 'too_large', file: '/n', line, text })));
    expect(directives.map(({ name }) => name)).toContain('events');
  });

  test('files that all include each other', { timeout: 120_000 }, () => {
    const names = Array.from({ length: 30 }, (_, at) => `/etc/nginx/f${at}`);
    const files = Object.fromEntries(names.map((name) => [name, names.map((each) => `include ${each};`).join('\n')]));
    const { problems } = readTree('/etc/nginx/f0', memoryFiles(files));
    expect(problems.length).toBeLessThanOrEqual(bounds.problems + 2);
    expect(problems.map(({ text }) => text)).toContainEqual(expect.stringMatching(/^more than 10000 files/));
    expect(Math.max(...problems.map(({ text }) => text.length))).toBeLessThan(400);
  });
});

test('a problem is listed once, the first hundred of them, and the rest is counted', () => {
  const text = repeat(300, (at) => `\naccess_log /${at} none${at};`);
  const { problems } = configurationOf(`http { server { ${text} } include x; include x; }`, { '/etc/nginx/x': '}' });
  expect(problems).toHaveLength(1 + bounds.problems + 1);
  expect(problems.at(-1)?.text).toBe('200 more problems are not listed, this is the last');
  expect(problems.filter(({ file }) => file === '/etc/nginx/x')).toHaveLength(1);
});

test('logs of upstreams come before those of none', () => {
  const plain = repeat(bounds.logs + 5, (at) => `server { access_log /plain${at}; }`);
  const { accessLogs, accessSets } = configurationOf(
    `http { ${plain} server { access_log /app; location / { proxy_pass http://10.0.0.1; } } }`,
  );
  expect(accessLogs).toHaveLength(bounds.logs);
  expect(accessLogs.at(-1)).toMatchObject({ proxied: true, target: { path: '/app' } });
  expect(accessSets.at(-1)).toEqual({ logs: [bounds.logs - 1], proxied: true });
});

test('a dump of many files in one folder', () => {
  growsLinearly((count) => {
    const dump = repeat(count, (at) => `# configuration file /etc/nginx/${at}.conf:\n`);
    return () => readDump(dump);
  }, 2_500);
});
