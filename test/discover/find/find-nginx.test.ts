import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findNginx, procOf } from '../../../collector/discover/find/find-nginx.ts';
import { parseMasterArgs } from '../../../collector/discover/find/master-args.ts';
import { hostPlaces, parseMounts, sameRoot } from '../../../collector/discover/find/mounts.ts';
import { workersOf } from '../../../collector/discover/find/processes.ts';
import { rootView } from '../../../collector/discover/find/view.ts';
import { readNginx } from '../../../collector/discover/follow/read-nginx.ts';
import { nodeFileSystem } from '../../../collector/system/fs.ts';
import { rootedPath } from '../../../collector/system/reach.ts';
import { tempDir } from '../../support/temp.ts';
import { type HostTree, hostMounts, hostTree } from '../host-tree.ts';

const fs = nodeFileSystem;

async function find({ prefix }: HostTree) {
  const found = findNginx({ fs, ownUid: 0, hostPrefix: prefix }).running;
  return found.map((each) => ({
    pid: each.master?.pid ?? null,
    container: each.master?.container ?? null,
    conf: each.confPath,
    prefix: each.defaults.prefix,
    globals: each.commandLine,
    problems: readNginx(each, fs).configuration.problems.map(({ text }) => text),
    upstreams: readNginx(each, fs).configuration.upstreams.map(({ name }) => name),
  }));
}

describe('the command line in a title', () => {
  test.each<[string, Partial<ReturnType<typeof parseMasterArgs>>]>([
    ['nginx', { program: 'nginx', prefix: null, conf: null, globals: null }],
    [
      '/usr/sbin/nginx -g daemon on; master_process on;',
      { program: '/usr/sbin/nginx', globals: 'daemon on; master_process on;' },
    ],
    ['nginx -p /srv/n/ -c conf/x.conf', { prefix: '/srv/n', conf: 'conf/x.conf' }],
    ['nginx -p/srv/n -c/x.conf', { prefix: '/srv/n', conf: '/x.conf' }],
    ['nginx -c /x.conf -g daemon off; -e stderr', { conf: '/x.conf', globals: 'daemon off;', errorLog: 'stderr' }],
    ['nginx -g daemon off; env A=-c; user x; -p /p', { globals: 'daemon off; env A=-c; user x;', prefix: '/p' }],
    ['nginx -q -p /', { prefix: '/' }],
    ['', { program: '' }],
  ])('%s', (title, expected) => {
    expect(parseMasterArgs(title)).toMatchObject(expected);
  });
});

const location = (port: number) => `server { location / { proxy_pass http://127.0.0.1:${port}; } }`;

test('several masters, each with its own configuration; a binary upgrade is one', async () => {
  const host = hostTree({
    '/etc/nginx/nginx.conf': `http { ${location(1)} }`,
    '/srv/b/conf/nginx.conf': `http { include vhosts/*; }`,
    '/srv/b/conf/vhosts/x': location(2),
    '/opt/angie.conf': `http { ${location(3)} }`,
  });
  host.nginx({ pid: 100, title: 'nginx: master process nginx -g daemon off;', workers: { 101: 5 } });
  host.nginx({ pid: 102, parent: 100, title: 'nginx: master process nginx -g daemon off;', workers: { 103: 9 } });
  host.nginx({ pid: 200, title: 'nginx: master process ./nginx -p /srv/b -c conf/nginx.conf', workers: {} });
  host.nginx({ pid: 300, title: 'angie: master process /usr/sbin/angie -c /opt/angie.conf', workers: { 301: 7 } });
  host.write({ '/proc/400/cmdline': 'grep nginx: master process\0', '/proc/401/cmdline': 'nginx: worker process\0' });
  const common = { container: null, problems: [] };
  expect(await find(host)).toEqual([
    {
      ...common,
      pid: 100,
      conf: '/etc/nginx/nginx.conf',
      prefix: '/etc/nginx',
      globals: 'daemon off;',
      upstreams: ['127.0.0.1:1'],
    },
    { ...common, pid: 300, conf: '/opt/angie.conf', prefix: '/etc/nginx', globals: null, upstreams: ['127.0.0.1:3'] },
    {
      ...common,
      pid: 200,
      conf: '/srv/b/conf/nginx.conf',
      prefix: '/srv/b',
      globals: null,
      upstreams: ['127.0.0.1:2'],
    },
  ]);
});

describe('a status page on a unix socket of a root that is not ours is not asked', () => {
  const socket = 'http://unix:/run/status.sock:/s';
  const tcp = 'http://127.0.0.1:8099/s';
  const server = (listen: string) => `server { listen ${listen}; location = /s { stub_status; } }`;
  const both = `http { ${server('127.0.0.1:8099')} ${server('unix:/run/status.sock')} }`;
  test.each<[string, string, boolean, readonly (readonly [string, string | null])[]]>([
    ['ours', `http { ${server('unix:/run/status.sock')} }`, false, [[socket, null]]],
    ['its own', `http { ${server('unix:/run/status.sock')} }`, true, [[socket, 'other_root']]],
    [
      'its own, and an address',
      both,
      true,
      [
        [tcp, null],
        [socket, 'other_root'],
      ],
    ],
    [
      'its own, and an address for others',
      both.replace('= /s {', '= /s { deny all;'),
      true,
      [
        [tcp, 'denied'],
        [socket, 'other_root'],
      ],
    ],
    [
      'its own, and a socket that asks for PROXY',
      `http { ${server('unix:/run/status.sock proxy_protocol')} }`,
      true,
      [[socket, 'proxy_protocol']],
    ],
  ])('%s', (_, text, hasOwnRoot, expected) => {
    const confPath = join(tempDir(), 'nginx.conf');
    writeFileSync(confPath, text);
    const defaults = { prefix: '/', confPath, errorLogPath: 'e', httpLogPath: 'a' };
    const found = {
      master: null,
      version: null,
      defaults,
      confPath,
      commandLine: null,
      view: rootView(fs, ''),
      hasOwnRoot,
    };
    expect(readNginx(found, fs).configuration.statusPages.map(({ url, obstacle }) => [url, obstacle])).toEqual(
      expected,
    );
  });

  test('a container, and a host behind a prefix', () => {
    const host = hostTree({ '/etc/nginx/nginx.conf': `http { ${server('unix:/run/status.sock')} }` });
    host.nginx({ pid: 100, title: 'nginx: master process nginx', workers: {} });
    const { running } = findNginx({ fs, ownUid: 0, hostPrefix: host.prefix });
    expect(running.map((each) => readNginx(each, fs).configuration.statusPages[0]?.obstacle)).toEqual(['other_root']);
  });
});

describe('a container seen from the host', () => {
  const id = '0123456789ab'.padEnd(64, 'c');
  const cgroup = `0::/system.slice/docker-${id}.scope`;
  const overlay = (more = '') =>
    `50 40 0:60 / / rw - overlay overlay rw,lowerdir=/var/lib/docker/l/A:/var/lib/docker/l/B,upperdir=/var/lib/docker/up,workdir=/w\n${more}`;
  const title = 'nginx: master process nginx -g daemon off;';

  test('its files are read through bind mounts, then through the layers', async () => {
    const bind = '51 50 8:2 /web/nginx.conf /etc/nginx/nginx.conf ro - ext4 /dev/sda2 rw\n';
    const host = hostTree({
      '/srv/data/web/nginx.conf': 'http { include conf.d/*.conf; }',
      '/var/lib/docker/up/etc/nginx/conf.d/a.conf': location(1),
      '/var/lib/docker/l/B/etc/nginx/conf.d/b.conf': location(2),
    });
    host.nginx({ pid: 100, title, workers: {}, mountinfo: overlay(bind), cgroup });
    expect(await find(host)).toMatchObject([
      {
        container: '0123456789ab',
        conf: '/etc/nginx/nginx.conf',
        problems: [],
        upstreams: ['127.0.0.1:1', '127.0.0.1:2'],
      },
    ]);
  });

  test('a host whose own root is an overlay: what is bound from it', async () => {
    const bind = '51 50 0:47 /web/nginx.conf /etc/nginx/nginx.conf ro - overlay overlay rw,lowerdir=/a,upperdir=/b\n';
    const host = hostTree({
      '/proc/1/mountinfo': '22 1 0:47 / / rw - overlay overlay rw,lowerdir=/a,upperdir=/b\n',
      '/web/nginx.conf': `http { ${location(1)} }`,
    });
    host.nginx({ pid: 100, title, workers: {}, mountinfo: overlay(bind), cgroup });
    expect(await find(host)).toMatchObject([{ problems: [], upstreams: ['127.0.0.1:1'] }]);
  });

  test('through its root where we may enter it, with absolute links inside it', async () => {
    const host = hostTree({
      '/proc/100/root/etc/nginx/nginx.conf': '-> /conf/main.conf',
      '/proc/100/root/conf/main.conf': `http { ${location(1)} }`,
      '/conf/main.conf': 'another file of the host',
    });
    host.nginx({ pid: 100, title, workers: {}, mountinfo: overlay(), cgroup });
    expect(await find(host)).toMatchObject([{ problems: [], upstreams: ['127.0.0.1:1'] }]);
  });

  test('files that cannot be reached are a problem that says so', async () => {
    const host = hostTree();
    host.nginx({ pid: 100, title, workers: {}, mountinfo: overlay(), cgroup });
    expect(await find(host)).toMatchObject([
      { container: '0123456789ab', upstreams: [], problems: ['/etc/nginx/nginx.conf does not exist'] },
    ]);
  });
});

test('mounts: a private namespace of the host is no container, escapes are undone', () => {
  const host = parseMounts(hostMounts);
  const privateTmp = parseMounts(`${hostMounts}60 22 8:1 /tmp/systemd-private\\040x /tmp rw - ext4 /dev/sda1 rw\n`);
  expect(sameRoot(privateTmp, host)).toBe(true);
  expect(hostPlaces(privateTmp, host, '/tmp/a')).toEqual(['/tmp/systemd-private x/a']);
  expect(hostPlaces(privateTmp, host, '/srv/data/x')).toEqual(['/srv/data/x']);
  expect(parseMounts('nonsense\n\n')).toEqual([]);
  expect(sameRoot([], host)).toBe(true);
});

test('links stay inside a root, loops end, streams belong to nobody', () => {
  const { prefix } = hostTree({
    '/a': '-> /b/c',
    '/b': '-> ../../../d',
    '/d/c': 'text',
    '/loop': '-> loop',
    '/out': '-> /dev/stdout',
  });
  expect(rootedPath(fs, prefix, '/a')).toBe(`${prefix}/d/c`);
  expect(rootedPath(fs, prefix, '/none/x')).toBe(`${prefix}/none/x`);
  expect(() => fs.stat(rootedPath(fs, prefix, '/loop'))).toThrow('ELOOP');
  expect(rootedPath(fs, prefix, '/out')).toBe('/dev/stdout');
  // Of another root the text of the link, `/`, would lead to our own.
  const inside = `/proc/${process.pid}/root/etc/hosts`;
  expect(rootedPath(fs, '', inside)).toBe(inside);
});

test('workers that shut down do not count; without the list of children every process is asked', () => {
  const host = hostTree();
  host.nginx({ pid: 100, title: 'nginx: master process nginx', workers: { 101: 7, 102: 8 } });
  host.write({ '/proc/102/cmdline': 'nginx: worker process is shutting down\0' });
  const proc = procOf({ fs, hostPrefix: host.prefix });
  expect(workersOf(proc, 100)).toEqual([{ pid: 101, startTicks: 7 }]);
  host.write({ '/proc/100/task': null });
  expect(workersOf(proc, 100)).toEqual([{ pid: 101, startTicks: 7 }]);
  expect(workersOf(proc, 999)).toEqual([]);
});
