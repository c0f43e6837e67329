/** Ways out of a root that is not ours: by the kernel's own links in /proc, and by the streams of whoever opens them. */
import { closeSync, mkdirSync, openSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { configurationFiles, rootView } from '../../collector/discover/find/view.ts';
import { attempt, nodeFileSystem as fs } from '../../collector/system/fs.ts';
import { lookAt } from '../../collector/system/reach.ts';
import { readText } from '../../collector/system/small-file.ts';
import { atEnd, tempDir } from '../support/temp.ts';

const secret = 'a secret of the host';

interface Scene {
  /** The file outside of every root. */
  readonly outside: string;
  /** An open descriptor of ours on it. */
  readonly fd: number;
  /** A folder that is the root of another process by its name, behind a prefix. */
  readonly foreign: string;
  /** A folder that is NETDATA_HOST_PREFIX. */
  readonly prefix: string;
}

function scene(): Scene {
  const base = realpathSync(tempDir('escape'));
  const outside = join(base, 'outside.conf');
  writeFileSync(outside, secret);
  const fd = openSync(outside, 'r');
  atEnd(() => closeSync(fd));
  const [foreign, prefix] = [join(base, 'proc/77/root'), join(base, 'host')];
  for (const root of [foreign, prefix]) {
    mkdirSync(join(root, 'etc'), { recursive: true });
    // Mounted in a container; here they lead nowhere, and only what follows them outside would find anything.
    symlinkSync('/proc', join(root, 'proc'));
    symlinkSync('/dev', join(root, 'dev'));
  }
  return { outside, fd, foreign, prefix };
}

const ways: readonly (readonly [string, (scene: Scene) => string])[] = [
  ['/proc/self/root', ({ outside }) => `/proc/self/root${outside}`],
  ['/proc/thread-self/root', ({ outside }) => `/proc/thread-self/root${outside}`],
  ['/proc/./self/root', ({ outside }) => `/proc/./self/root${outside}`],
  ['//proc/self/root', ({ outside }) => `//proc//self/root${outside}`],
  ['/proc/self/../self/root', ({ outside }) => `/proc/self/../self/root${outside}`],
  ['/proc/self/task/N/root', ({ outside }) => `/proc/self/task/${process.pid}/root${outside}`],
  ['/proc/N/task/N/root', ({ outside }) => `/proc/${process.pid}/task/${process.pid}/root${outside}`],
  ['/proc/N/root', ({ outside }) => `/proc/${process.pid}/root${outside}`],
  ['/proc/self/cwd', ({ outside }) => `/proc/self/cwd${'/..'.repeat(20)}${outside}`],
  ['/proc/N/cwd', ({ outside }) => `/proc/${process.pid}/cwd${'/..'.repeat(20)}${outside}`],
  ['/proc/self/fd/N', ({ fd }) => `/proc/self/fd/${fd}`],
  ['/proc/N/fd/M', ({ fd }) => `/proc/${process.pid}/fd/${fd}`],
  ['/proc/N/task/N/fd/M', ({ fd }) => `/proc/${process.pid}/task/${process.pid}/fd/${fd}`],
  ['/dev/fd/N', ({ fd }) => `/dev/fd/${fd}`],
  ['/dev/fd/N/../..', ({ fd }) => `/dev/fd/${fd}/../${fd}`],
  ['/dev/stdin/..', ({ outside }) => `/dev/stdin/../root${outside}`],
  ['/dev/fd/../root', ({ outside }) => `/dev/fd/../root${outside}`],
  ['the path itself', ({ outside }) => outside],
  ['folders upward', ({ outside }) => `${'../'.repeat(30)}${outside.slice(1)}`],
];

/** How a path comes to be asked for: named in a file of nginx's, or behind a link that was made there. */
const namings: readonly (readonly [string, (root: string, way: string) => string])[] = [
  ['named', (_, way) => (way.startsWith('/') ? way : `/etc/${way}`)],
  [
    'behind a link',
    (root, way) => {
      symlinkSync(way, join(root, 'etc/c.conf'));
      return '/etc/c.conf';
    },
  ],
  [
    'behind a link to a link',
    (root, way) => {
      symlinkSync('c.conf', join(root, 'etc/b.conf'));
      symlinkSync(way, join(root, 'etc/c.conf'));
      return '/etc/b.conf';
    },
  ],
  [
    'in a folder that is a link',
    (root, way) => {
      symlinkSync(way.slice(0, way.lastIndexOf('/')) || '/', join(root, 'etc/d'));
      return `/etc/d${way.slice(way.lastIndexOf('/'))}`;
    },
  ],
];

/** What a log is read as: checked, then opened. */
function logText(path: string, prefix: string): string {
  const found = lookAt(fs, path, prefix);
  const text = found.is === 'file' ? readText(fs, found.at) : null;
  return text?.ok === true ? text.value : '';
}

const cases = ways.flatMap(([way, pathOf]) => namings.map(([naming, put]) => ({ way, naming, pathOf, put })));

describe('nothing leads out of a root', () => {
  test.each(cases)("$way, $naming: not out of another process's root", ({ pathOf, put }) => {
    const at = scene();
    const path = put(at.foreign, pathOf(at));
    const view = rootView(fs, at.foreign);
    expect(configurationFiles(fs, view).readFile(path)).not.toMatchObject({ text: secret });
    for (const place of [...view.places(path), at.foreign + path]) {
      expect(logText(place, ''), place).toBe('');
      expect(logText(view.follow(place), ''), place).toBe('');
      expect(
        attempt(() => readText(fs, place)),
        place,
      ).not.toMatchObject({ value: { value: secret } });
    }
  });

  test.each(cases)('$way, $naming: not out of NETDATA_HOST_PREFIX', ({ pathOf, put }) => {
    const at = scene();
    const path = put(at.prefix, pathOf(at));
    const view = rootView(fs, at.prefix);
    expect(configurationFiles(fs, view).readFile(path)).not.toMatchObject({ text: secret });
    for (const place of view.places(path)) {
      expect(logText(place, at.prefix), place).toBe('');
      expect(logText(view.follow(place), at.prefix), place).toBe('');
    }
  });

  test.each([
    ['/proc/self/root/etc'],
    ['/proc/self/cwd/x'],
    ['/proc/1/cwd/x'],
    ['/proc//1/./cwd/x'],
    ['/proc/self/task/1/root/x'],
    ['/proc/1/task/1/cwd/x'],
    ['/proc/self/fd/0/x'],
    ['/proc/self/exe/x'],
    ['/proc/1/map_files/0-1/x'],
    ['/host/proc/self/root/x'],
  ])('no call follows %s', (path) => {
    for (const call of [fs.open, fs.stat, fs.lstat, fs.readlink, fs.readdir]) {
      expect(attempt<unknown>(() => call(path))).toEqual({ ok: false, code: 'ELOOP' });
    }
  });

  test('a log that is a link within its root is read there', () => {
    const { foreign } = scene();
    mkdirSync(join(foreign, 'data'));
    writeFileSync(join(foreign, 'data/e.log'), 'inside');
    symlinkSync('/data/e.log', join(foreign, 'etc/e.log'));
    expect(logText(`${foreign}/etc/e.log`, '')).toBe('inside');
  });

  test.each(['/dev/stdin', '/dev/stdout', '/dev/fd/0', '/proc/self/fd/0', '/dev/tty'])(
    'a stream of ours is not their configuration: %s',
    (path) => {
      const { foreign } = scene();
      symlinkSync(path, join(foreign, 'etc/nginx.conf'));
      const { readFile } = configurationFiles(fs, rootView(fs, foreign));
      for (const each of [path, '/etc/nginx.conf']) expect(readFile(each)).not.toHaveProperty('text');
      expect(lookAt(fs, `${foreign}/etc/nginx.conf`)).toMatchObject({ is: 'stream' });
    },
  );
});
