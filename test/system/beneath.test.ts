import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { nodeFileSystem as fs } from '../../collector/system/fs.ts';
import { tempDir } from '../support/temp.ts';

let root = '';
let outside = '';

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  if (text.startsWith('-> ')) symlinkSync(text.slice(3), join(root, path));
  else writeFileSync(join(root, path), text);
}

function textOf(path: string): string {
  const fd = fs.open(join(root, path));
  const text = readFileSync(fd, 'utf8');
  closeSync(fd);
  return text;
}

const codeOf = (call: () => unknown): string => {
  try {
    call();
    return 'it worked';
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
};

/** A folder of ours stands for the root of process 77: what counts is the form of the path. */
beforeEach(() => {
  const base = tempDir('beneath');
  root = join(base, 'proc/77/root');
  outside = join(base, 'secret');
  mkdirSync(join(root, 'etc'), { recursive: true });
  writeFileSync(outside, 'a secret of the host');
});

function folderOutside(): void {
  put('/d', `-> ${dirname(outside)}`);
  put('/etc/hosts', '-> /d/secret');
}

function fileAsFolder(): void {
  put('/f', 'x');
  put('/etc/hosts', '-> /f/x');
}

describe("files in another process's root", () => {
  test.each<[string, Readonly<Record<string, string>>, string]>([
    ['a plain file', { '/etc/hosts': '127.0.0.1 app' }, '127.0.0.1 app'],
    ['a link in its folder', { '/etc/hosts': '-> hosts.real', '/etc/hosts.real': 'a' }, 'a'],
    ['an absolute link, which is meant inside', { '/etc/hosts': '-> /run/hosts', '/run/hosts': 'b' }, 'b'],
    ['a link of a folder', { '/run/etc/x': '-> ../../etc/y', '/etc/y': 'c', '/etc/hosts': '-> /run/etc/x' }, 'c'],
    ['links upward do not leave it', { '/etc/hosts': '-> ../../../../../../etc/z', '/etc/z': 'd' }, 'd'],
  ])('%s', (_, files, expected) => {
    for (const [path, text] of Object.entries(files)) put(path, text);
    expect(textOf('/etc/hosts')).toBe(expected);
    expect(fs.stat(join(root, '/etc/hosts')).size).toBe(expected.length);
  });

  test.each<[string, () => void, string]>([
    ['an absolute link to a file of the host', () => put('/etc/hosts', `-> ${outside}`), 'ENOENT'],
    ['a relative link out of it', () => put('/etc/hosts', '-> ../../../../secret'), 'ENOENT'],
    ['a folder that is a link out of it', folderOutside, 'ENOENT'],
    ['a loop', () => put('/etc/hosts', '-> hosts'), 'ELOOP'],
    ['a FIFO, which nobody writes to', () => execFileSync('mkfifo', [join(root, 'etc/hosts')]), 'EINVAL'],
    ['a folder', () => mkdirSync(join(root, 'etc/hosts')), 'EISDIR'],
    ['a link to a device', () => put('/etc/hosts', '-> /dev/zero'), 'ENOENT'],
    ['a file as a folder', fileAsFolder, 'ENOTDIR'],
  ])('not opened: %s', (_, make, code) => {
    make();
    expect(codeOf(() => fs.open(join(root, '/etc/hosts')))).toBe(code);
  });

  test('its folders are listed, and a link of a folder is followed inside', () => {
    put('/etc/a', '');
    put('/etc/b', '');
    put('/conf', '-> /etc');
    expect([...fs.readdir(join(root, '/conf'))].sort()).toEqual(['a', 'b']);
    expect(fs.lstat(join(root, '/conf')).kind).toBe('symlink');
    expect(fs.readlink(join(root, '/conf'))).toBe('/etc');
    expect(codeOf(() => fs.readdir(join(root, '/none')))).toBe('ENOENT');
  });

  test.skipIf(!existsSync('/proc/self/fd'))('no descriptor is left open, also by what fails', () => {
    put('/etc/hosts', 'x');
    put('/etc/loop', '-> loop');
    const before = readdirSync('/proc/self/fd').length;
    for (let at = 0; at < 20; at += 1) {
      textOf('/etc/hosts');
      codeOf(() => fs.open(join(root, '/etc/loop')));
      codeOf(() => fs.stat(join(root, '/etc/../none/x')));
      fs.stat(join(root, '/etc/..'));
    }
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });
});
