/**
 * The disk that holds the plugin's state is full (its own tmpfs): everything is counted, the log says so once, and a
 * restart neither counts twice nor reads what it cannot know.
 */
import { appendFileSync, closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { testOn } from '../../support/machine.ts';
import { type Child, start } from '../../support/process.ts';
import { readablePlugin } from '../../support/servers/plugin.ts';
import { tempDir } from '../../support/temp.ts';
import { waitUntil } from '../../support/wait.ts';

const refused = (count: number) =>
  (
    '2026/11/22 07:30:45 [error] 10#10: *1 connect() failed (111: Connection refused) while connecting to upstream, ' +
    'client: 127.0.0.1, server: , request: "GET / HTTP/1.1", upstream: "http://10.0.0.1:80/", host: "x"\n'
  ).repeat(count);

function world() {
  const dir = tempDir('full-disk');
  const lib = join(dir, 'lib');
  const conf = join(dir, 'nginx-upstream.conf');
  const log = join(dir, 'error.log');
  writeFileSync(log, '');
  writeFileSync(conf, `jobs:\n  - name: t\n    error_log: ${log}\n`);
  // The file system outlives the plugin: a shell holds it.
  const disk = start('unshare', [
    '-m',
    'sh',
    '-c',
    `mkdir ${lib} && mount -t tmpfs -o size=64k full ${lib} && echo ready && exec cat`,
  ]);
  const state = () => `/proc/${disk.pid}/root${lib}`;
  const plugin = readablePlugin();
  return {
    disk,
    write: (count: number) => appendFileSync(log, refused(count)),
    startPlugin: () =>
      start('nsenter', ['-m', '-t', String(disk.pid), process.execPath, plugin, '1', '--config', conf], {
        env: { ...process.env, NETDATA_LIB_DIR: lib },
      }),
    checkpoint: () => readFileSync(join(state(), 'nginx-upstream.checkpoint.json'), 'utf8'),
    fill() {
      const fd = openSync(join(state(), 'filler'), 'w');
      try {
        for (const size of [4096, 1]) for (let at = 0; at < 100; at++) fillWith(fd, size);
      } finally {
        closeSync(fd);
      }
    },
    free: () => rmSync(join(state(), 'filler')),
  };
}

function fillWith(fd: number, size: number): void {
  try {
    writeSync(fd, Buffer.alloc(size));
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  }
}

const counts = (plugin: Child) =>
  Array.from(
    plugin.stdout().matchAll(/^BEGIN nginx_upstream_t\.connect_failures\b.*\n(?:SET .*\n)*?SET refused = (\d+)/gm),
    ([, count]) => Number(count),
  );
const reaches = (plugin: Child, count: number) =>
  waitUntil(() => counts(plugin).at(-1) === count, {
    what: `${count} refused`,
    hint: () => [counts(plugin).slice(-5), plugin.stderr()],
    timeout: 20_000,
  });
const warnings = (plugin: Child) =>
  plugin
    .stderr()
    .split('\n')
    .filter((text) => text.includes('ENOSPC'));

/** The plugin has counted ten failures, then the disk is full. */
async function untilFull() {
  const made = world();
  await made.disk.waitForLine(/ready/);
  const first = made.startPlugin();
  await reaches(first, 0);
  made.write(10);
  await reaches(first, 10);
  made.fill();
  return { ...made, first };
}

const isTold = (plugin: Child) =>
  waitUntil(() => warnings(plugin).length > 0, { what: 'a word about the disk', hint: plugin.stderr });

testOn('root')('a full disk, and room again: nothing is lost, nothing counts twice', { timeout: 120_000 }, async () => {
  const { first, write, startPlugin, checkpoint, free } = await untilFull();
  for (const more of [20, 30]) {
    write(10);
    await reaches(first, more);
  }
  await isTold(first);
  free();
  const before = checkpoint();
  write(5);
  await reaches(first, 35);
  await waitUntil(() => checkpoint() !== before && checkpoint() !== '', { what: 'a checkpoint again' });
  expect(warnings(first)).toHaveLength(1);
  // Sent and saved: what comes now is for the next one.
  await first.stop('SIGKILL');
  write(7);
  const second = startPlugin();
  await reaches(second, 7);
});

testOn('root')(
  'killed while the disk is full: the next one begins at the end and says so',
  { timeout: 120_000 },
  async () => {
    const { first, write, startPlugin } = await untilFull();
    write(10);
    await reaches(first, 20);
    await isTold(first);
    await first.stop('SIGKILL');
    write(3);
    const second = startPlugin();
    await reaches(second, 0);
    expect(second.stderr()).toMatch(/read from their end/);
    write(4);
    await reaches(second, 4);
    expect(Math.max(...counts(second))).toBe(4);
  },
);
