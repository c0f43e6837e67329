/** Which unit should serve a port, by the files of systemd and php-fpm in their own folder. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { type AskedPlace, maskedUnit, unitFor } from '../../collector/diagnose/places/units.ts';
import { nodeFileSystem } from '../../collector/system/fs.ts';
import { tempDir } from '../support/temp.ts';

function host(files: Readonly<Record<string, string | null>>): string {
  const root = tempDir('units');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if (text === null) symlinkSync('/dev/null', join(root, path));
    else writeFileSync(join(root, path), text);
  }
  return `${root}/proc`;
}

const lib = '/usr/lib/systemd/system';
const php = `${lib}/php8.2-fpm.service`;
const pool = '/etc/php/8.2/fpm/pool.d/www.conf';
const nginx = { [`${lib}/nginx.service`]: 'ExecStart=/usr/sbin/nginx -g "listen 8080"' };

const table: Readonly<
  Record<string, readonly [Readonly<Record<string, string | null>>, AskedPlace, boolean, string | null]>
> = {
  'php-fpm, by its pool’s port': [
    { [php]: '', [pool]: '[www]\nlisten = 127.0.0.1:9000\n' },
    { port: 9000 },
    true,
    'php8.2-fpm.service',
  ],
  'php-fpm, by its pool’s socket': [
    { [php]: '', [pool]: 'listen = /run/php/php8.2-fpm.sock' },
    { path: '/run/php/php8.2-fpm.sock' },
    true,
    'php8.2-fpm.service',
  ],
  'php-fpm listens on its socket, nginx asks port 9000': [
    { [php]: '', [pool]: 'listen = /run/php/php8.2-fpm.sock' },
    { port: 9000 },
    true,
    'php8.2-fpm.service',
  ],
  'two versions of php-fpm: none is guessed': [
    { [php]: '', [`${lib}/php7.4-fpm.service`]: '' },
    { port: 9000 },
    true,
    null,
  ],
  'php-fpm where nginx speaks http': [{ [php]: '' }, { port: 9000 }, false, null],
  'a socket unit': [
    { '/etc/systemd/system/app.socket': '[Socket]\nListenStream=127.0.0.1:8080\n' },
    { port: 8080 },
    false,
    'app.service',
  ],
  'a socket unit for another service': [
    { '/etc/systemd/system/app.socket': 'ListenStream=/run/app.sock\nService=web.service' },
    { path: '/run/app.sock' },
    false,
    'web.service',
  ],
  'a service that names the port': [
    { '/etc/systemd/system/api.service': 'ExecStart=/srv/api --port 8080' },
    { port: 8080 },
    false,
    'api.service',
  ],
  'another port that only looks like it': [
    { '/etc/systemd/system/api.service': 'ExecStart=/srv/api --port 18080' },
    { port: 8080 },
    false,
    null,
  ],
  'two services that name it': [
    {
      '/etc/systemd/system/a.service': 'ExecStart=/srv/a :8080',
      '/etc/systemd/system/b.service': 'ExecStart=/srv/b :8080',
    },
    { port: 8080 },
    false,
    null,
  ],
  'nginx itself is never it': [nginx, { port: 8080 }, false, null],
  'no systemd here': [{}, { port: 8080 }, false, null],
};

test.each(Object.entries(table))('%s', (_, [files, wanted, isFastcgi, unit]) => {
  const found = unitFor(wanted, isFastcgi, { fs: nodeFileSystem, procRoot: host(files) });
  expect(found?.unit ?? null).toBe(unit);
});

test('a masked unit is said to be masked: it cannot be started', () => {
  const files = { '/etc/systemd/system/php8.2-fpm.service': null, [php]: '', [pool]: 'listen = 9000' };
  const found = unitFor({ port: 9000 }, true, { fs: nodeFileSystem, procRoot: host(files) });
  expect(found).toMatchObject({ unit: 'php8.2-fpm.service', isMasked: true });
});

const masks: Readonly<Record<string, readonly [Readonly<Record<string, string | null>>, string | null]>> = {
  'systemctl mask': [{ '/etc/systemd/system/app.service': null }, '/etc/systemd/system/app.service'],
  'systemctl mask --runtime': [{ '/run/systemd/system/app.service': null }, '/run/systemd/system/app.service'],
  'its own file': [{ '/etc/systemd/system/app.service': 'ExecStart=/app' }, null],
  'another unit is masked': [{ '/etc/systemd/system/web.service': null }, null],
  'an instance is, and not this one': [{ '/etc/systemd/system/app@1.service': null }, null],
  'no files of systemd': [{}, null],
};

test.each(Object.entries(masks))('a unit that is known, masked since: %s', (_, [files, file]) => {
  const found = maskedUnit('app.service', { fs: nodeFileSystem, procRoot: host(files) });
  expect(found).toEqual(file === null ? null : { unit: 'app.service', socket: null, isMasked: true, file });
});
