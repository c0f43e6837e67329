import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { execute } from '../../collector/system/process/exec.ts';
import { trustedProgram } from '../../collector/system/process/program.ts';
import { tempDir } from '../support/temp.ts';

const own = process.getuid?.() ?? 0;
const name = 'a-program-that-no-system-has';

function programIn(folder: string, mode = 0o755): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, '#!/bin/sh\necho ran\n');
  chmodSync(path, mode);
  return path;
}

test('a program is taken from folders that nobody else can write', () => {
  const folder = tempDir('bin');
  const path = programIn(folder);
  expect(trustedProgram(name, `relative:${folder}`, own)).toBe(path);
  const other = tempDir('links');
  symlinkSync(path, join(other, name));
  // A link keeps its name: iptables-save is one to a program that goes by how it was called.
  expect(trustedProgram(name, other, own)).toBe(join(other, name));
  expect(trustedProgram('sh', folder, own)).toMatch(/^\/(usr\/)?bin\//);
});

/** A folder of this mode with the program in it, or in a folder of it. */
function folderWith(folderMode: number, mode: number, below = ''): string {
  const folder = tempDir('bin');
  programIn(join(folder, below), mode);
  chmodSync(folder, folderMode);
  return join(folder, below);
}

function folderInItsPlace(): string {
  const folder = tempDir('bin');
  mkdirSync(join(folder, name));
  return folder;
}

test.each<[string, () => string]>([
  ['a file that others may write', () => folderWith(0o755, 0o757)],
  ['a file that its group may write', () => folderWith(0o755, 0o775)],
  ['a folder that others may write', () => folderWith(0o777, 0o755)],
  ['a folder above that others may write', () => folderWith(0o777, 0o755, 'x')],
  ['a folder in its place', folderInItsPlace],
  ['nothing', () => tempDir('bin')],
  ['a relative folder of PATH', () => '.'],
])('and from nowhere else: %s', (_, make) => {
  expect(trustedProgram(name, make(), own)).toBeNull();
});

test('what others may write is not run, by its path either', async () => {
  const path = join(folderWith(0o755, 0o777), name);
  expect(await execute(path, [], 1000)).toEqual({ code: null, stdout: '', stderr: '' });
});

test('nor what another user owns', () => {
  const folder = tempDir('bin');
  programIn(folder);
  if (own === 0) chownSync(folder, 4242, 4242);
  // For whom it is another user's: root, or a user that does not own it.
  expect(trustedProgram(name, folder, own === 0 ? 0 : own + 1)).toBeNull();
});
