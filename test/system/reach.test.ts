import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { type FileStat, type FileSystem, nodeFileSystem as fs } from '../../collector/system/fs.ts';
import { trialAs } from '../../collector/system/process/identity.ts';
import { allows, barriersTo, lookAt, type Reader, readRemedy } from '../../collector/system/reach.ts';
import { describeOn, testOn } from '../support/machine.ts';
import { run } from '../support/run.ts';
import { tool } from '../support/servers/packages.ts';
import { tempDir } from '../support/temp.ts';

let folder = '';
beforeEach(() => {
  folder = tempDir('reach');
});

const netdata: Reader = { user: 'netdata', uid: 4242, gids: [4242], groupName: (gid) => `g${gid}`, trial: null };

/** A file system whose files have these modes and groups: `/a/b`: [0o640, 4]. */
function modes(files: Readonly<Record<string, readonly [number, number]>>, hasSetfacl = true): FileSystem {
  const stat = (path: string): FileStat => {
    const found = path.endsWith('/setfacl') && hasSetfacl ? ([0o755, 0] as const) : files[path];
    if (found === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' });
    const [mode, gid] = found;
    return { ...fs.stat('/'), kind: 'file', mode, uid: 0, gid };
  };
  return { ...fs, stat };
}

const restart = 'systemctl restart netdata    # a process gets its groups when it starts';

describe('who is kept out by what, and the one remedy', () => {
  test.each<[string, Readonly<Record<string, readonly [number, number]>>, readonly string[], readonly string[]]>([
    ['nobody', { '/log': [0o755, 0], '/log/e.log': [0o644, 0] }, [], []],
    [
      'a file of a group',
      { '/log': [0o755, 0], '/log/e.log': [0o640, 4] },
      ['/log/e.log'],
      ['usermod -aG g4 netdata', restart],
    ],
    [
      "a file of root's group",
      { '/log': [0o755, 0], '/log/e.log': [0o640, 0] },
      ['/log/e.log'],
      ['setfacl -m u:netdata:r /log/e.log', 'setfacl -d -m u:netdata:r /log    # for the file after the next rotation'],
    ],
    [
      'a folder of a group',
      { '/log': [0o750, 4], '/log/e.log': [0o644, 0] },
      ['/log'],
      ['usermod -aG g4 netdata', restart],
    ],
    ['a folder of root', { '/log': [0o700, 0], '/log/e.log': [0o644, 0] }, ['/log'], ['setfacl -m u:netdata:x /log']],
    [
      'both, of one group: joined once',
      { '/log': [0o750, 4], '/log/e.log': [0o640, 4] },
      ['/log', '/log/e.log'],
      ['usermod -aG g4 netdata', restart],
    ],
    [
      'both, of root',
      { '/log': [0o700, 0], '/log/e.log': [0o600, 0] },
      ['/log', '/log/e.log'],
      [
        'setfacl -m u:netdata:x /log',
        'setfacl -m u:netdata:r /log/e.log',
        'setfacl -d -m u:netdata:r /log    # for the file after the next rotation',
      ],
    ],
  ])('%s', (_, files, paths, remedy) => {
    const system = modes(files);
    const barriers = barriersTo(system, '/log/e.log', netdata);
    expect(barriers.map(({ path }) => path)).toEqual(paths);
    expect(readRemedy(system, barriers, netdata)).toEqual(remedy);
  });

  test('setfacl that is not here is said with its package; a path is one word of the shell', () => {
    const system = modes({ '/a b': [0o700, 0] }, false);
    expect(readRemedy(system, barriersTo(system, '/a b/e.log', netdata), netdata)).toEqual([
      'apt install acl    # setfacl is not installed here; its package is acl everywhere',
      "setfacl -m u:netdata:x '/a b'",
    ]);
  });

  test.each([
    ['the owner', 0o600, { uid: 7, gids: [] }, true],
    ['the owner, who is kept out though others are not', 0o044, { uid: 7, gids: [] }, false],
    ['a group', 0o040, { uid: 1, gids: [8] }, true],
    ['another group', 0o040, { uid: 1, gids: [9] }, false],
    ['everybody', 0o004, { uid: 1, gids: [] }, true],
    ['root, always', 0, { uid: 0, gids: [] }, true],
  ])('the mode lets through: %s', (_, mode, who, expected) => {
    expect(allows({ ...fs.stat('/'), mode, uid: 7, gid: 8 }, who, 4)).toBe(expected);
  });
});

describeOn('root')('tried with the rights of another user, as root does for netdata', () => {
  const uid = 65_534;
  const tried: Reader = { ...netdata, uid, gids: [uid], trial: trialAs(uid, [uid]) };
  const paths = (path: string) => barriersTo(fs, path, tried).map((each) => each.path);

  test('a closed folder and a closed file behind it are both named; root is root again afterwards', () => {
    const log = join(folder, 'in/e.log');
    mkdirSync(join(folder, 'in'), { mode: 0o700 });
    writeFileSync(log, '', { mode: 0o600 });
    expect(paths(log)).toEqual([join(folder, 'in'), log]);
    chmodSync(join(folder, 'in'), 0o711);
    expect(paths(log)).toEqual([log]);
    expect([process.geteuid?.(), process.getegid?.()]).toEqual([0, 0]);
  });

  testOn('users')('an access list counts, which no mode shows', async (context) => {
    const setfacl = await tool('setfacl');
    const log = join(folder, 'e.log');
    writeFileSync(log, '', { mode: 0o600 });
    expect(paths(log)).toEqual([log]);
    const done = await run(setfacl.path, ['-m', `u:${uid}:r`, log], { env: setfacl.env });
    if (done.code !== 0) context.skip(`SKIPPED: no access lists on this file system: ${done.stderr}`);
    expect(paths(log)).toEqual([]);
  });
});

test.each<[string, () => void, object]>([
  ['nothing', () => undefined, { is: 'absent' }],
  ['a file', () => writeFileSync(join(folder, 'x'), ''), { is: 'file' }],
  ['a link to a stream', () => symlinkSync('/dev/stdout', join(folder, 'x')), { is: 'stream', target: '/dev/stdout' }],
  ['a link to a descriptor', () => symlinkSync('/proc/self/fd/2', join(folder, 'x')), { is: 'stream' }],
  ['a FIFO', () => void execFileSync('mkfifo', [join(folder, 'x')]), { is: 'other', kind: 'fifo' }],
  ['a folder', () => mkdirSync(join(folder, 'x')), { is: 'other', kind: 'directory' }],
  ['a loop', () => symlinkSync('x', join(folder, 'x')), { is: 'error', code: 'ELOOP' }],
])('what stands at a path: %s', (_, make, expected) => {
  make();
  expect(lookAt(fs, join(folder, 'x'))).toMatchObject(expected);
});
