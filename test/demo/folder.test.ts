/** What a demo that was killed has left behind is found, ended and removed; nothing else is. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { clearLeftovers, MARK, makeFolder, processesOf, removeFolder } from '../../demo/folder.ts';
import { start } from '../support/process.ts';
import { tempDir } from '../support/temp.ts';
import { waitUntil } from '../support/wait.ts';

beforeEach(() => {
  vi.stubEnv('TMPDIR', tempDir('folder'));
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const sleeper = (env: NodeJS.ProcessEnv, ...more: readonly string[]) =>
  start(process.execPath, ['-e', 'setInterval(() => undefined, 1e6)', ...more], { env: { ...process.env, ...env } });

test('its own folder is left alone, also beside another demo', async () => {
  const folder = makeFolder();
  expect(await clearLeftovers()).toEqual([]);
  expect(existsSync(folder)).toBe(true);
  removeFolder(folder);
  expect(existsSync(folder)).toBe(false);
});

test('a folder whose owner is dead goes, with the processes that carry its mark', async () => {
  const folder = makeFolder();
  writeFileSync(join(folder, 'owner'), JSON.stringify({ pid: process.pid, started: '1' }));
  const marked = sleeper({ [MARK]: folder });
  const reader = sleeper({}, `${folder}/log/error.log`);
  await waitUntil(() => processesOf(folder).length === 1, { what: 'the marked process to be found' });
  expect(processesOf(folder)).toEqual([marked.pid]);
  expect(await clearLeftovers()).toEqual([folder]);
  expect((await marked.exited).signal).toBe('SIGTERM');
  expect(reader.exit()).toBeNull();
  expect(existsSync(folder)).toBe(false);
});

test('a folder without an owner is what a demo left that was killed at once', async () => {
  const folder = join(process.env['TMPDIR'] ?? '', 'nginx-upstream-demo-abcdef');
  mkdirSync(folder);
  expect(await clearLeftovers()).toEqual([folder]);
});

test('a file of such a name is none of ours', async () => {
  const file = join(process.env['TMPDIR'] ?? '', 'nginx-upstream-demo-abcdef');
  writeFileSync(file, '');
  expect(await clearLeftovers()).toEqual([]);
  expect(existsSync(file)).toBe(true);
});
