import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseMounts } from '../../../collector/discover/find/mounts.ts';
import { configurationFiles, mountView, rootView } from '../../../collector/discover/find/view.ts';
import { nodeFileSystem as fs } from '../../../collector/system/fs.ts';
import { tempDir } from '../../support/temp.ts';

describe('what the kernel makes up is never configuration', () => {
  const ways: Readonly<Record<string, string>> = {
    environ: `/proc/${process.pid}/environ`,
    maps: `/proc/${process.pid}/maps`,
    task: `/proc/${process.pid}/task/${process.pid}/status`,
    kernel: '/proc/version',
    dots: '/proc/sys/../version',
  };
  test.each(Object.entries(ways))('%s, by its path and through links', (_, path) => {
    const folder = tempDir('view');
    symlinkSync(path, join(folder, 'file.conf'));
    symlinkSync(path.slice(0, path.lastIndexOf('/')), join(folder, 'folder'));
    const through = join(folder, 'folder', path.slice(path.lastIndexOf('/') + 1));
    const files = configurationFiles(fs, rootView(fs, ''));
    for (const way of [path, join(folder, 'file.conf'), through]) {
      expect(files.readFile(way), way).toEqual({ failure: 'other' });
    }
  });

  test('a file that somebody has written is', () => {
    const path = join(tempDir('view'), 'a.conf');
    writeFileSync(path, 'events { }');
    expect(configurationFiles(fs, rootView(fs, '')).readFile(path)).toEqual({ text: 'events { }' });
  });
});

describe("in a container whose root is closed, a path on no known mount is not the host's of that name", () => {
  const host = parseMounts('22 1 8:1 / / rw - ext4 /dev/sda1 rw\n');
  const inside = parseMounts(
    '50 40 0:60 / / rw - tmpfs tmpfs rw\n51 50 0:61 / /run rw - tmpfs tmpfs rw\n52 50 8:1 /srv/web /etc/nginx ro - ext4 x rw\n',
  );
  test.each<[string, string, string, readonly string[]]>([
    ['a tmpfs as its root', '', '/etc/shadow', ['/proc/7/root/etc/shadow']],
    ['a tmpfs', '', '/run/status.conf', ['/proc/7/root/run/status.conf']],
    ['a bind mount', '', '/etc/nginx/nginx.conf', ['/srv/web/nginx.conf']],
    ['behind a prefix', '/host', '/var/log/e.log', ['/host/proc/7/root/var/log/e.log']],
    ['a bind mount behind a prefix', '/host', '/etc/nginx/a', ['/host/srv/web/a']],
    ['the root itself', '', '/', ['/proc/7/root/']],
  ])('%s', (_, prefix, path, expected) => {
    expect(mountView(inside, host, prefix, `${prefix}/proc/7/root`).places(path)).toEqual(expected);
  });

  test('no mounts are known at all', () => {
    expect(mountView([], host, '', '/proc/7/root').places('/etc/x')).toEqual(['/proc/7/root/etc/x']);
  });
});
