import { expect, test } from 'vitest';
import { hostFile } from '../../../collector/discover/find/host-path.ts';
import { nodeFileSystem as fs } from '../../../collector/system/fs.ts';
import { hostTree } from '../host-tree.ts';

const { prefix } = hostTree({
  '/var/log/pods/ingress/0.log': 'x',
  '/var/log/containers/ingress.log': '-> /var/log/pods/ingress/0.log',
  '/var/log/containers/relative.log': '-> ../pods/ingress/0.log',
  '/var/log/plain.log': 'x',
  '/var/log/out.log': '-> /../../../etc/passwd',
});

test.each([
  ['/var/log/containers/ingress.log', '/var/log/pods/ingress/0.log'],
  ['/var/log/containers/relative.log', '/var/log/pods/ingress/0.log'],
  ['/var/log/plain.log', '/var/log/plain.log'],
  ['/var/log/missing.log', '/var/log/missing.log'],
  ['/var/log/out.log', '/etc/passwd'],
  ['/proc/7/root/var/log/nginx/error.log', '/proc/7/root/var/log/nginx/error.log'],
])('behind the prefix %s is %s', (path, expected) => {
  expect(hostFile(fs, prefix + path, prefix)).toBe(prefix + expected);
});

test('on the host itself, and beside the prefix, a path is what it is', () => {
  expect([hostFile(fs, '/var/log/x', ''), hostFile(fs, '/var/log/x', prefix)]).toEqual(['/var/log/x', '/var/log/x']);
});
