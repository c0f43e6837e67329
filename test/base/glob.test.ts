import { describe, expect, test } from 'vitest';
import { expandGlob, globBounds, isPattern, patternOfVariables } from '../../collector/base/syntax/glob.ts';

/** What of `names` in /d the pattern matches. */
function matching(pattern: string, names: readonly string[]): readonly string[] {
  const { paths } = expandGlob(`/d/${pattern}`, (folder) => (folder === '/d' ? names : null));
  return paths.map((path) => path.slice('/d/'.length));
}

describe('a pattern means what it means to nginx', () => {
  test.each<[string, string, readonly string[], readonly string[]]>([
    ['a hyphen beside a star', 'app-*.conf', ['app-a.conf', 'app.conf', 'app-.conf'], ['app-.conf', 'app-a.conf']],
    ['every character that a RegExp would read', '^a.b$(c)|{1}+*', ['^a.b$(c)|{1}+x', 'axb'], ['^a.b$(c)|{1}+x']],
    ['a range', '[a-c]x', ['ax', 'dx', '-x'], ['ax']],
    ['a range that runs backwards matches nothing', '[c-a]x', ['ax', 'bx', 'cx'], []],
    ['a hyphen at the end of brackets', '[a-]x', ['ax', '-x', 'bx'], ['-x', 'ax']],
    ['a bracket that comes first', '[]a]x', [']x', 'ax', 'bx'], [']x', 'ax']],
    ['brackets negated both ways', '[!a][^b]', ['ab', 'ba', 'cb', 'cc'], ['ba', 'cc']],
    ['a class', '[[:digit:]_]*', ['1', '_', 'a'], ['1', '_']],
    ['an unknown class matches nothing', '[[:none:]a]', ['a', 'n'], []],
    ['a class without its own brackets is a set', '[:a]', [':', 'a', 'b'], [':', 'a']],
    ['an escape', 'a\\*?', ['a*b', 'axb'], ['a*b']],
    ['an escape in brackets', '[\\]x]*', [']', 'x', '\\'], [']', 'x']],
    ['a bracket without end stands for itself', '[a*', ['[a', '[ab', 'a'], ['[a', '[ab']],
    ['hidden names', '*', ['.a', 'a'], ['a']],
    ['hidden names asked for', '.*', ['.a', 'a'], ['.a']],
    ['a letter of two bytes takes two marks', '??', ['é', 'ab', 'a'], ['ab', 'é']],
    ['braces and tildes are nothing special', '{a,b}~*', ['{a,b}~', 'a~'], ['{a,b}~']],
    ['blanks and line ends', 'a ?*', ['a b', 'a\nb', 'a \n'], ['a \n', 'a b']],
  ])('%s', (_, pattern, names, expected) => {
    expect(matching(pattern, names)).toEqual(expected);
  });
});

test('patterns in folders, and literal segments between them', () => {
  const tree: Readonly<Record<string, readonly string[]>> = {
    '/': ['srv', 'src'],
    '/srv': ['a-1', 'b'],
    '/src': ['a-2'],
    '/srv/a-1': ['x'],
    '/src/a-2': ['x'],
  };
  const { paths, folders } = expandGlob('/sr[cv]/a-*/x.d/*', (path) =>
    path.endsWith('x.d') ? ['k'] : (tree[path] ?? null),
  );
  expect(paths).toEqual(['/src/a-2/x.d/k', '/srv/a-1/x.d/k']);
  expect(folders).toEqual(['/', '/srv', '/src', '/srv/a-1/x.d', '/src/a-2/x.d']);
});

test('in the middle of a pattern `.` and `..` are folders like any other', () => {
  const names = (path: string): readonly string[] | null => (path.endsWith('/d') ? ['.h', 'x'] : null);
  expect(expandGlob('/d/.*/x', names).paths).toEqual(['/d/../x', '/d/./x', '/d/.h/x']);
  expect(expandGlob('/d/.*', names).paths).toEqual(['/d/.h']);
});

test('the order is that of bytes, not of UTF-16', () => {
  expect(matching('*', ['\u{1F600}', '\uFF5E', 'z', 'B', 'a'])).toEqual(['B', 'a', 'z', '\uFF5E', '\u{1F600}']);
});

test('a hostile pattern ends', () => {
  expect(matching(`${'*a'.repeat(200)}b`, ['a'.repeat(250)])).toEqual([]);
});

describe('a pattern that leads everywhere is cut short', () => {
  const hidden = Array.from({ length: 30 }, (_, at) => `.h${at}`);
  test.each<[string, string, readonly string[]]>([
    ['dots that double with each segment', `/tmp${'/.*'.repeat(28)}/x.conf`, []],
    ['dots asked for in brackets', `/tmp${'/.[.]*'.repeat(28)}/x.conf`, ['..a']],
    ['one mark for the second dot', `/tmp${'/.?'.repeat(40)}/*.conf`, ['.a']],
    ['folders that link to themselves', `/tmp${'/l*'.repeat(28)}/x.conf`, ['l1', 'l2']],
    ['many of them', `/tmp${'/.*'.repeat(5)}/x.conf`, hidden],
    ['more files than are taken in', '/tmp/*', Array.from({ length: globBounds.paths + 1 }, (_, at) => `f${at}`)],
  ])('%s', (_, pattern, names) => {
    const { paths, folders, isCut } = expandGlob(pattern, () => names);
    expect(isCut).toBe(true);
    expect(folders.length).toBeLessThanOrEqual(globBounds.folders);
    expect(paths.length).toBeLessThanOrEqual(globBounds.paths);
  });

  test('names that do not match count too', () => {
    const many = Array.from({ length: 50_000 }, (_, at) => `n${at}`);
    const { folders, isCut } = expandGlob(`/tmp/[a-z]*/[a-z]*/x`, (path) => (path === '/tmp' ? many : ['A', ...many]));
    expect(isCut).toBe(true);
    expect(folders.length).toBeLessThan(25);
  });

  test('one budget for all patterns of a configuration', () => {
    const left = { ...globBounds };
    const names = Array.from({ length: 6_000 }, (_, at) => `f${at}`);
    expect(expandGlob('/d/*', () => names, left)).toMatchObject({ isCut: false });
    const second = expandGlob('/d/*', () => names, left);
    expect([second.isCut, second.paths.length]).toEqual([true, globBounds.paths - 6_000]);
  });

  test('what is within the bounds is complete', () => {
    expect(expandGlob('/d/.*/.*/x', () => ['.h']).paths).toHaveLength(9);
    expect(expandGlob('/d/.*/.*/x', () => ['.h']).isCut).toBe(false);
  });
});

test.each([
  ['/x/[2026-11].log', null],
  ['/x/$host.log', '/x/*.log'],
  ['/x/[a]*?/${host}-$server_port.log', '/x/\\[a\\]\\*\\?/*-*.log'],
])('of a path with variables, only these are a pattern: %s', (path, expected) => {
  expect(patternOfVariables(path)).toBe(expected);
});

test('what nginx takes for a pattern', () => {
  expect(['a*', 'a?', 'a[', 'a\\b', 'a]', '{a,b}'].filter(isPattern)).toEqual(['a*', 'a?', 'a[']);
});
