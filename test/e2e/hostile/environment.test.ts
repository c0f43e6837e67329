/** What the environment, the options and the state folder may hold: nothing of it stops a command, or keeps the plugin from ending. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { start } from '../../support/process.ts';
import { builtPlugin } from '../../support/repository.ts';
import { run } from '../../support/run.ts';
import { atEnd, tempDir } from '../../support/temp.ts';
import { waitUntil } from '../../support/wait.ts';

function fifo(): string {
  const path = join(tempDir('trap'), 'fifo');
  execFileSync('mkfifo', ['-m', '0666', path]);
  return path;
}

/** Settings of a job that reads nothing of this machine. */
function settings(): string {
  const folder = tempDir('settings');
  writeFileSync(join(folder, 'nginx.conf'), `error_log ${folder}/error.log; events {} http {}`);
  writeFileSync(join(folder, 'error.log'), '');
  const path = join(folder, 'nginx-upstream.conf');
  writeFileSync(path, `jobs:\n  - name: here\n    nginx_conf: ${folder}/nginx.conf\n`);
  return path;
}

/** Runs it as Netdata does for some ticks, then ends it as Netdata does. */
async function plugin(env: NodeJS.ProcessEnv, config = settings()) {
  const child = start(process.execPath, [builtPlugin, '1', '--config', config], { env: { ...process.env, ...env } });
  atEnd(() => child.stop());
  await waitUntil(() => child.stdout().split('\n').length > 3 || child.exit() !== null, { what: 'three ticks' });
  child.signal('SIGTERM');
  await waitUntil(() => child.exit() !== null, { what: 'its end', timeout: 5000 });
  return { ...child.exit(), stderr: child.stderr() };
}

const zones: readonly (readonly [string, () => NodeJS.ProcessEnv])[] = [
  ['a FIFO', () => ({ TZ: fifo() })],
  ['a FIFO behind a colon', () => ({ TZ: `:${fifo()}` })],
  ['a FIFO by way of the zones', () => ({ TZ: relative('/usr/share/zoneinfo', fifo()) })],
  [
    'a FIFO among its own zones',
    () => {
      const path = fifo();
      return { TZDIR: resolve(path, '..'), TZ: 'fifo' };
    },
  ],
  [
    'a link to a FIFO',
    () => {
      const link = join(tempDir('link'), 'zone');
      symlinkSync(fifo(), link);
      return { TZ: link };
    },
  ],
  ['/dev/zero', () => ({ TZ: '/dev/zero' })],
  ['a folder', () => ({ TZ: tempDir('zone') })],
  ['nonsense', () => ({ TZ: 'No/Where\u00e9' })],
];

test.each(zones)('TZ is %s: the plugin ticks and ends when asked', { timeout: 30_000 }, async (_, env) => {
  expect(await plugin(env())).toMatchObject({ code: 0, signal: null });
});

test.each(zones)('TZ is %s: report ends', { timeout: 30_000 }, async (_, env) => {
  const input =
    '2026/11/22 07:30:45 [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.1, server: , request: "GET / HTTP/1.1", upstream: "http://192.0.2.9:80/", host: "a"\n';
  const done = await run(process.execPath, [builtPlugin, 'report', '-'], { env: { ...process.env, ...env() }, input });
  expect(done).toMatchObject({ code: 0, signal: null });
  expect(done.stdout).toContain('192.0.2.9:80');
});

test('everything at once', { timeout: 30_000 }, async () => {
  const folder = tempDir('all');
  const env = { TZ: fifo(), NETDATA_UPDATE_EVERY: 'zz', NETDATA_HOST_PREFIX: folder, NETDATA_LIB_DIR: fifo() };
  expect(await plugin(env)).toMatchObject({ code: 0, signal: null });
});

const configs: readonly (readonly [string, () => string, RegExp])[] = [
  ['a FIFO', fifo, /it is a fifo, not a file/],
  ['a device without end', () => '/dev/zero', /it is a device, not a file/],
  ['a folder', () => tempDir('folder'), /it is a directory, not a file/],
];

test.each(configs)(
  '--config is %s: one line of check, diagnose and the plugin',
  { timeout: 60_000 },
  async (_, make, says) => {
    const path = make();
    for (const command of ['check', 'diagnose']) {
      const done = await run(process.execPath, [builtPlugin, command, '--config', path], { timeout: 50_000 });
      expect(done.signal).toBeNull();
      expect(done.stdout.split('\n').filter((line) => says.test(line))).toHaveLength(1);
    }
    const { code, stderr } = await plugin({}, path);
    expect(code).toBe(0);
    expect(stderr.split('\n').filter((line) => says.test(line))).toHaveLength(1);
  },
);

const states: readonly (readonly [string, (path: string) => void])[] = [
  [
    'larger than any',
    (path) => {
      writeFileSync(path, '');
      truncateSync(path, 17 * 1024 * 1024);
    },
  ],
  ['a FIFO', (path) => void execFileSync('mkfifo', [path])],
  ['a folder', (path) => void mkdirSync(path)],
  [
    'a link to a file of root',
    (path) => {
      writeFileSync(`${path}.real`, '{}');
      symlinkSync(`${path}.real`, path);
    },
  ],
  ['a link to nothing', (path) => symlinkSync('/nowhere/at/all', path)],
];

test.each(states)(
  'each state file is %s: the plugin ticks, says so once, and ends',
  { timeout: 30_000 },
  async (_, make) => {
    const folder = tempDir('lib');
    for (const name of ['checkpoint', 'incidents']) make(join(folder, `nginx-upstream.${name}.json`));
    const { code, stderr } = await plugin({ NETDATA_LIB_DIR: folder });
    expect(code).toBe(0);
    expect(stderr.split('\n').filter((line) => /checkpoint\.json cannot be read/.test(line))).toHaveLength(1);
  },
);
