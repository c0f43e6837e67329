/** Rotations that are out of the ordinary: several in a tick, moved back, copied, other owners, other names. */
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createKnownFiles } from '../../collector/source/tail/known-files.ts';
import { nodeFileSystem } from '../../collector/system/fs.ts';
import { eachInFolder, folder, log, logAt, privateFolder, rig } from './tail-kit.ts';

eachInFolder();

function started() {
  writeFileSync(log, 'old\n');
  const tail = rig(log);
  tail.tick();
  return tail;
}

/** logrotate's shifting: .2 → .3, .1 → .2, log → .1, and a new log; the inode is asserted to have changed. */
function rotate(keep = 20): void {
  const before = statSync(log).ino;
  for (let n = keep; n > 0; n -= 1) if (existsSync(`${log}.${n}`)) renameSync(`${log}.${n}`, `${log}.${n + 1}`);
  rmSync(`${log}.${keep + 1}`, { force: true });
  renameSync(log, `${log}.1`);
  writeFileSync(log, '');
  expect(statSync(log).ino).not.toBe(before);
}

const wait = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

describe('T14 several rotations within one tick', () => {
  it.each([2, 10])('%i rotations: the files are still there, so nothing is lost', (times) => {
    const tail = started();
    const written: string[] = [];
    for (let n = 0; n < times; n += 1) {
      appendFileSync(log, `generation ${n}\n`);
      written.push(`generation ${n}`);
      rotate();
    }
    appendFileSync(log, 'newest\n');
    const reading = tail.tick();
    expect(tail.lines).toEqual([...written, 'newest']);
    expect(reading.lost).toBe(0);
    expect(reading.events).toContain(`${log}: ${times - 1} more rotations since the last check`);
  });

  it('ten rotations of which two are kept: what is left is read, and a loss is counted', () => {
    const tail = started();
    for (let n = 0; n < 10; n += 1) {
      appendFileSync(log, `generation ${n}\n`);
      // The kernel stamps files by its own tick of 4 ms.
      wait(6);
      rotate(2);
    }
    const reading = tail.tick();
    // The first was held open.
    expect(tail.lines).toEqual(['generation 0', 'generation 8', 'generation 9']);
    expect(reading.lost).toBeGreaterThan(0);
    expect(reading.events.join()).toContain('lost at least');
  });

  it('three rotations with compression: the two in between are counted as lost', () => {
    const tail = started();
    for (let n = 0; n < 3; n += 1) {
      appendFileSync(log, `generation ${n}\n`);
      rotate();
    }
    for (const n of [1, 2]) {
      writeFileSync(`${log}.${n}.gz`, 'compressed');
      rmSync(`${log}.${n}`);
    }
    const reading = tail.tick();
    expect(tail.lines).toEqual(['generation 0']);
    expect(reading.lost).toBe(2);
  });

  it('moved to a number by hand: no generation is missed', () => {
    const tail = started();
    appendFileSync(log, 'a\n');
    renameSync(log, `${log}.7`);
    tail.ticks(5);
    writeFileSync(log, 'b\n');
    expect(tail.ticks(2).lost).toBe(0);
    expect(tail.lines).toEqual(['a', 'b']);
  });

  it('one rotation with delaycompress: yesterday’s file is compressed now, and nothing is lost', () => {
    writeFileSync(`${log}.1`, 'yesterday\n');
    wait(6);
    const tail = started();
    appendFileSync(log, 'a\n');
    rotate();
    writeFileSync(`${log}.2.gz`, 'compressed');
    rmSync(`${log}.2`);
    appendFileSync(log, 'b\n');
    const reading = tail.tick();
    expect(tail.lines).toEqual(['a', 'b']);
    expect(reading.lost).toBe(0);
    expect(reading.events).toEqual([`${log} was rotated: reading the new file`]);
  });
});

describe('the same lines again', () => {
  it('T21 moved away and copied back: another inode, nothing counted twice', () => {
    const tail = started();
    appendFileSync(log, 'a\nb\n');
    tail.tick();
    const before = statSync(log).ino;
    renameSync(log, join(folder, 'elsewhere'));
    copyFileSync(join(folder, 'elsewhere'), log);
    expect(statSync(log).ino).not.toBe(before);
    appendFileSync(log, 'c\n');
    tail.ticks(3);
    expect(tail.lines).toEqual(['a', 'b', 'c']);
  });

  it('T21 moved away and moved back', () => {
    const tail = started();
    appendFileSync(log, 'a\n');
    renameSync(log, `${log}.1`);
    writeFileSync(log, 'b\n');
    tail.tick();
    rmSync(log);
    renameSync(`${log}.1`, log);
    appendFileSync(log, 'c\n');
    tail.ticks(3);
    expect(tail.lines).toEqual(['a', 'b', 'c']);
  });

  it('T21 moved back after it was let go', () => {
    const tail = started();
    appendFileSync(log, 'a\n');
    renameSync(log, `${log}.1`);
    writeFileSync(log, 'b\n');
    tail.ticks(20);
    rmSync(log);
    renameSync(`${log}.1`, log);
    appendFileSync(log, 'c\n');
    tail.ticks(3);
    expect(tail.lines).toEqual(['a', 'b', 'c']);
  });

  it('a new file with the same constant lines is no copy', () => {
    const tail = started();
    appendFileSync(log, 'same\n'.repeat(100));
    tail.tick();
    rotate();
    appendFileSync(log, 'same\n'.repeat(200));
    tail.tick();
    expect(tail.lines).toHaveLength(300);
  });

  it('a backup made by hand is not mistaken for a generation', () => {
    const tail = started();
    appendFileSync(log, 'a\nb\n');
    tail.tick();
    copyFileSync(log, `${log}.bak`);
    rotate();
    appendFileSync(log, 'c\n');
    tail.tick();
    expect(tail.lines).toEqual(['a', 'b', 'c']);
  });

  it('T31 a path listed twice, a hard link and a symbolic link are one file', () => {
    writeFileSync(log, '');
    linkSync(log, join(folder, 'hard.log'));
    symlinkSync('error.log', join(folder, 'soft.log'));
    const known = createKnownFiles();
    const tails = [log, log, join(folder, 'hard.log'), join(folder, 'soft.log')].map((path) => rig(path, { known }));
    const tick = () => tails.map((tail) => tail.tick());
    tick();
    appendFileSync(log, 'a\n');
    expect(tick().map(({ problem }) => problem)).toEqual([null, null, null, null]);
    expect(tails.flatMap(({ lines }) => lines)).toEqual(['a']);
  });
});

describe.each(['/dev/shm', tmpdir()].filter(existsSync))('T20 on %s', (parent) => {
  it('deleted and created, with the same inode number where the file system has it so: another file, whatever its first bytes are', () => {
    const own = privateFolder(parent);
    logAt(join(own, 'error.log'), own);
    const tail = started();
    appendFileSync(log, 'constant\n');
    const first = statSync(log).ino;
    rotate();
    appendFileSync(log, 'constant\n');
    tail.ticks(30);
    expect(openIn(folder)).toEqual([log]);
    // Let go and deleted: its number is free for the next log, which begins with the same bytes.
    rmSync(`${log}.1`);
    wait(6);
    const candidates = Array.from({ length: 64 }, (_, n) => join(folder, `candidate ${n}`));
    for (const path of candidates) writeFileSync(path, 'old\nconstant\nconstant\n');
    // ext4 uses it again at once; tmpfs counts on, and then any new file will do.
    const next = candidates.find((path) => statSync(path).ino === first) ?? join(folder, 'candidate 0');
    renameSync(log, `${log}.1`);
    renameSync(next, log);
    tail.tick();
    expect(tail.lines).toEqual(['constant', 'constant', 'old', 'constant', 'constant']);
  });
});

it('T26 replaced by a file of another owner and mode while it runs', () => {
  const tail = started();
  rotate();
  chmodSync(log, 0o666);
  appendFileSync(log, 'a\n');
  expect(tail.tick().problem).toBeNull();
  expect(tail.lines).toEqual(['a']);
});

it('T33 a clock that jumps changes nothing: intervals are monotonic, and a long pause only makes it later', () => {
  const tail = started();
  rotate();
  appendFileSync(log, 'a\n');
  tail.tick(0);
  tail.tick(86_400_000);
  appendFileSync(log, 'b\n');
  tail.tick();
  expect(tail.lines).toEqual(['a', 'b']);
});

it('T35 a thousand rotations leave no descriptor behind', () => {
  const tail = started();
  const expected: string[] = [];
  for (let n = 0; n < 1000; n += 1) {
    const before = statSync(log).ino;
    appendFileSync(log, `${n}\n`);
    expected.push(`${n}`);
    renameSync(log, `${log}.1`);
    writeFileSync(log, '');
    expect(statSync(log).ino).not.toBe(before);
    tail.tick();
    if (n % 50 === 0) expect(openIn(folder).length).toBeLessThanOrEqual(17);
  }
  appendFileSync(log, 'last\n');
  tail.ticks(20);
  expect(tail.lines).toEqual([...expected, 'last']);
  expect(openIn(folder)).toEqual([log]);
  tail.source.close();
  expect(openIn(folder)).toEqual([]);
}, 180_000);

it('the log’s directory is moved away and made anew', () => {
  const directory = join(folder, 'nginx');
  mkdirSync(directory);
  logAt(join(directory, 'error.log'));
  const tail = started();
  renameSync(directory, join(folder, 'gone'));
  tail.tick();
  mkdirSync(directory);
  writeFileSync(log, 'a\n');
  tail.tick();
  expect(tail.lines).toEqual(['a']);
});

it('a Netdata in a container: absolute links of the host are followed inside its mount', () => {
  mkdirSync(join(folder, 'var/log/nginx'), { recursive: true });
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'data/error.log'), '');
  symlinkSync('/data/error.log', join(folder, 'var/log/nginx/error.log'));
  symlinkSync('/dev/stdout', join(folder, 'var/log/nginx/access.log'));
  const tail = rig(join(folder, 'var/log/nginx/error.log'), { root: folder });
  tail.tick();
  appendFileSync(join(folder, 'data/error.log'), 'a\n');
  expect(tail.tick().problem).toBeNull();
  expect(tail.lines).toEqual(['a']);
  const stdout = rig(join(folder, 'var/log/nginx/access.log'), { root: folder });
  expect(stdout.tick().problem?.code).toBe('stream');
});

function openIn(directory: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith(directory) ? [target] : [];
    } catch {
      return [];
    }
  });
}

it('the file system port: nothing but what the host says becomes a value', () => {
  expect(() => nodeFileSystem.read(-1, Buffer.alloc(1), 1, 0)).toThrow();
});
