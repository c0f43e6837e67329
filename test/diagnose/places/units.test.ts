/** Which unit should serve a port, by the files of systemd and php-fpm in their own folder. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { type AskedPlace, maskedUnit, unitFor } from '../../../collector/diagnose/places/units.ts';
import { nodeFileSystem } from '../../../collector/system/fs.ts';
import { tempDir } from '../../support/temp.ts';

function host(files: Readonly<Record<string, string | null>>): string {
  const root = tempDir('units');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if (text === null || text.startsWith('-> ')) symlinkSync(text?.slice(3) ?? '/dev/null', join(root, path));
    else writeFileSync(join(root, path), text);
  }
  return `${root}/proc`;
}

const lib = '/usr/lib/systemd/system';
const etc = '/etc/systemd/system';
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
  'inetd style (Accept=yes): each connection has its own service, and the socket unit is started': [
    { [`${etc}/echo.socket`]: '[Socket]\nListenStream=127.0.0.1:8080\nAccept=yes\n', [`${etc}/echo@.service`]: '' },
    { port: 8080 },
    false,
    'echo.socket',
  ],
  'Accept=yes taken back by a drop-in': [
    {
      [`${etc}/echo.socket`]: 'ListenStream=8080\nAccept=yes\n',
      [`${etc}/echo.socket.d/override.conf`]: '[Socket]\nAccept=no\n',
    },
    { port: 8080 },
    false,
    'echo.service',
  ],
  'systemctl edit moved the socket to another port': [
    {
      [`${lib}/app.socket`]: 'ListenStream=8080\n',
      [`${etc}/app.socket.d/override.conf`]: '[Socket]\nListenStream=\nListenStream=9090\n',
    },
    { port: 8080 },
    false,
    null,
  ],
  'the port is in EnvironmentFile (Debian: /etc/default)': [
    {
      [`${lib}/shop.service`]: 'EnvironmentFile=-/etc/default/shop\nExecStart=/srv/shop --port $PORT\n',
      '/etc/default/shop': '# PORT=8080\nPORT=3119\n',
    },
    { port: 3119 },
    false,
    'shop.service',
  ],
  'a port that EnvironmentFile has in a comment only': [
    {
      [`${lib}/shop.service`]: 'EnvironmentFile=/etc/default/shop\n',
      '/etc/default/shop': '# PORT=8080\nPORT=3119\n',
    },
    { port: 8080 },
    false,
    null,
  ],
  'an environment that names a backend it asks is not who serves it': [
    { [`${lib}/web.service`]: 'Environment=PORT=3000 API_URL=http://127.0.0.1:3001 LOG=1\nExecStart=/srv/web' },
    { port: 3001 },
    false,
    null,
  ],
  'ASP.NET listens on its ASPNETCORE_URLS': [
    {
      [`${lib}/api.service`]: 'Environment="ASPNETCORE_URLS=http://127.0.0.1:5000"\nExecStart=/usr/bin/dotnet api.dll',
    },
    { port: 5000 },
    false,
    'api.service',
  ],
  'the port is in a drop-in (systemctl edit)': [
    {
      [`${lib}/shop.service`]: 'ExecStart=/srv/shop\n',
      [`${etc}/shop.service.d/override.conf`]: '[Service]\nEnvironment=PORT=8080\n',
    },
    { port: 8080 },
    false,
    'shop.service',
  ],
  'a drop-in replaces the command line': [
    {
      [`${lib}/shop.service`]: 'ExecStart=/srv/shop --port 8080\n',
      [`${etc}/shop.service.d/override.conf`]: '[Service]\nExecStart=\nExecStart=/srv/shop --port 9090\n',
    },
    { port: 8080 },
    false,
    null,
  ],
  'a command line over several lines': [
    { [`${lib}/shop.service`]: 'ExecStart=/srv/shop \\\n  --port 8080\n' },
    { port: 8080 },
    false,
    'shop.service',
  ],
  'an enabled instance of a template': [
    {
      [`${etc}/app@.service`]: 'ExecStart=/srv/app --port 808%i\n',
      [`${etc}/multi-user.target.wants/app@1.service`]: `-> ${etc}/app@.service`,
      [`${etc}/multi-user.target.wants/app@2.service`]: `-> ${etc}/app@.service`,
    },
    { port: 8082 },
    false,
    'app@2.service',
  ],
  'the settings of an instance are in a file of its name': [
    {
      [`${etc}/app@.service`]: 'EnvironmentFile=/etc/app/%i.env\nExecStart=/srv/app\n',
      [`${etc}/multi-user.target.wants/app@blue.service`]: `-> ${etc}/app@.service`,
      [`${etc}/multi-user.target.wants/app@green.service`]: `-> ${etc}/app@.service`,
      '/etc/app/blue.env': 'PORT=8081',
      '/etc/app/green.env': 'PORT=8082',
    },
    { port: 8081 },
    false,
    'app@blue.service',
  ],
  'a template without an enabled instance: any number would do': [
    { [`${lib}/serial@.service`]: 'ExecStart=/sbin/agetty %I' },
    { port: 8080 },
    false,
    null,
  ],
  'an alias is no second unit': [
    {
      [`${lib}/shop.service`]: 'ExecStart=/srv/shop --port 8080\n',
      [`${etc}/store.service`]: `-> ${lib}/shop.service`,
    },
    { port: 8080 },
    false,
    'shop.service',
  ],
  'a unit linked from another folder (systemctl link)': [
    {
      '/opt/shop/shop.service': 'ExecStart=/srv/shop :8080',
      [`${etc}/shop.service`]: '-> ../../../opt/shop/shop.service',
    },
    { port: 8080 },
    false,
    'shop.service',
  ],
  'a service that was masked before the plugin looked': [
    { [`${lib}/shop.service`]: 'ExecStart=/srv/shop --port 8080\n', [`${etc}/shop.service`]: null },
    { port: 8080 },
    false,
    'shop.service',
  ],
  'nginx says /var/run, the socket unit /run': [
    { [`${etc}/app.socket`]: 'ListenStream=%t/app.sock' },
    { path: '/var/run/app.sock' },
    false,
    'app.service',
  ],
  'another socket whose name begins so': [
    { [`${etc}/app.socket`]: 'ListenStream=/run/app.sock2' },
    { path: '/run/app.sock' },
    false,
    null,
  ],
  'php-fpm, a socket that is called after its pool': [
    { [php]: '', [pool]: '[shop]\nlisten = /run/php/$pool.sock' },
    { path: '/run/php/shop.sock' },
    true,
    'php8.2-fpm.service',
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

test('a masked socket unit, and a socket unit whose service is masked', () => {
  const socket = { [`${lib}/app.socket`]: 'ListenStream=8080', [`${etc}/app.socket`]: null };
  expect(unitFor({ port: 8080 }, false, { fs: nodeFileSystem, procRoot: host(socket) })).toMatchObject({
    unit: 'app.socket',
    socket: null,
    isMasked: true,
  });
  const service = { [`${lib}/app.socket`]: 'ListenStream=8080', [`${etc}/app.service`]: null };
  expect(unitFor({ port: 8080 }, false, { fs: nodeFileSystem, procRoot: host(service) })).toMatchObject({
    unit: 'app.service',
    socket: 'app.socket',
    isMasked: true,
  });
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
