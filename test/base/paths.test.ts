import { expect, test } from 'vitest';
import { folderOf, lastPart, stepsTo } from '../../collector/base/paths.ts';

test.each([
  [
    '/var/log/nginx/error.log',
    '/var/log/nginx',
    'error.log',
    ['/var', '/var/log', '/var/log/nginx', '/var/log/nginx/error.log'],
  ],
  ['/x', '/', 'x', ['/x']],
  ['/a//b', '/a/', 'b', ['/a', '/a/', '/a//b']],
  ['/folder/', '/folder', '', ['/folder', '/folder/']],
])('%s: in %s, called %s, reached by %j', (path, folder, name, steps) => {
  expect([folderOf(path), lastPart(path), stepsTo(path)]).toEqual([folder, name, steps]);
});

test('a bare name is in the working folder', () => {
  expect([folderOf('error.log'), lastPart('error.log')]).toEqual(['.', 'error.log']);
});
