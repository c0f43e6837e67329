/** Where php-fpm listens, by its own files. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { fpmConf, fpmListens } from '../../../collector/diagnose/places/fpm-pools.ts';
import { nodeFileSystem } from '../../../collector/system/fs.ts';
import { tempDir } from '../../support/temp.ts';

test.each([
  ['php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)', '/etc/php/8.2/fpm/php-fpm.conf'],
  ['php-fpm: pool www', null],
  ['vim php-fpm: master process (/x)', null],
  ['php-fpm: master process (relative.conf)', null],
])('%s', (line, conf) => {
  expect(fpmConf(line)).toBe(conf);
});

test.each([
  ['one file', { 'a.conf': '[www]\nlisten = /run/a.sock\nlisten.mode = 0660\n' }, ['/run/a.sock']],
  ['a port', { 'a.conf': 'listen=127.0.0.1:9000' }, ['127.0.0.1:9000']],
  ['quotes and comments', { 'a.conf': '; listen = /run/no.sock\n listen = "/run/a.sock" ; here\n' }, ['/run/a.sock']],
  [
    'pools of a folder, in Debian’s way',
    {
      'a.conf': 'include=ROOT/pool.d/*.conf\n',
      'pool.d/b.conf': 'listen = /run/b.sock',
      'pool.d/c.conf.bak': 'listen = /run/c.sock',
    },
    ['/run/b.sock'],
  ],
  ['one pool by its name', { 'a.conf': 'include = ROOT/b.conf', 'b.conf': 'listen = /run/b.sock' }, ['/run/b.sock']],
  [
    'a socket that is called after its pool',
    {
      'a.conf':
        '[global]\npid = /run/a.pid\n[shop]\nlisten = /run/php/$pool.sock\n[blog]\nlisten = /run/php/$pool.sock\n',
    },
    ['/run/php/shop.sock', '/run/php/blog.sock'],
  ],
  ['a folder that is not there', { 'a.conf': 'include = /nowhere/at/all/*.conf' }, []],
  ['no file', {}, []],
])('%s', (_, files, expected) => {
  const root = tempDir('pools');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text.replaceAll('ROOT', root));
  }
  const ports = { fs: nodeFileSystem, procRoot: '/proc', proc: { text: () => null } } as never;
  expect(fpmListens(join(root, 'a.conf'), ports)).toEqual(expected);
});
