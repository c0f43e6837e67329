import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeFileSystem } from '../../collector/system/fs.ts';
import { eachInFolder, folder, log, rig } from './tail-kit.ts';

eachInFolder();

/** rename + create, asserted to have happened (Vector's own rotation test renames a file to itself). */
function rotate(to = `${log}.1`): void {
  const before = statSync(log).ino;
  renameSync(log, to);
  writeFileSync(log, '');
  expect(statSync(log).ino).not.toBe(before);
}

function started(content = '') {
  writeFileSync(log, content);
  const tail = rig(log);
  tail.tick();
  return tail;
}

describe('appending', () => {
  it('T1 counts what is appended, and not what was there at the start', () => {
    const tail = started('old\n');
    appendFileSync(log, 'a\n');
    tail.tick();
    appendFileSync(log, 'b\n');
    const reading = tail.tick();
    expect(tail.lines).toEqual(['a', 'b']);
    expect(reading).toEqual({ problem: null, behindBytes: 0, events: [], lost: 0, bytes: 4 });
  });

  it('T1 says how much history it skipped', () => {
    writeFileSync(log, 'old\n');
    expect(rig(log).tick().events).toEqual([`${log}: 4 bytes from before the start are not counted`]);
  });

  it('T2 several lines in one write', () => {
    const tail = started();
    appendFileSync(log, 'a\nb\nc\n');
    tail.tick();
    expect(tail.lines).toEqual(['a', 'b', 'c']);
  });

  it('T3 one line in many writes', () => {
    const tail = started();
    for (const byte of 'a line\n') {
      appendFileSync(log, byte);
      tail.tick();
    }
    expect(tail.lines).toEqual(['a line']);
  });

  it('T4 a line that was unfinished at the end of the file', () => {
    const tail = started('half a ');
    appendFileSync(log, 'line\nnext\n');
    tail.tick();
    // It was not finished at the start, so nobody has counted it.
    expect(tail.lines).toEqual(['half a line', 'next']);
  });

  it('T9 a line beyond the limit costs its bytes and one count', () => {
    const tail = started();
    appendFileSync(log, `${'x'.repeat(3_000_000)}\nok\n`);
    tail.tick();
    expect(tail.lines).toEqual(['ok']);
    expect(tail.overlong()).toBe(1);
  });

  it('T28 five gigabytes of history: opened at the end, at most 64 KiB of it are read', () => {
    writeFileSync(log, '');
    truncateSync(log, 5 * 1024 ** 3);
    appendFileSync(log, '\n');
    let read = 0;
    const counting: typeof nodeFileSystem = {
      ...nodeFileSystem,
      read: (fd, into, length, position) => {
        const got = nodeFileSystem.read(fd, into, length, position);
        read += got;
        return got;
      },
    };
    const tail = rig(log, { fs: counting });
    tail.tick();
    expect(read).toBeLessThan(70_000);
    appendFileSync(log, 'a\n');
    tail.tick();
    expect(tail.lines).toEqual(['a']);
  });

  it('starts inside a line that is longer than it looks back, and drops its end', () => {
    const tail = started('x'.repeat(100_000));
    appendFileSync(log, 'yyy\nok\n');
    tail.tick();
    expect(tail.lines).toEqual(['ok']);
  });

  it('reads a bounded amount per poll and says what is left', () => {
    writeFileSync(log, '');
    const tail = rig(log, { maxBytesPerPoll: 100_000 });
    tail.tick();
    appendFileSync(log, 'line\n'.repeat(50_000));
    expect(tail.tick().behindBytes).toBe(150_000);
    expect(tail.ticks(2).behindBytes).toBe(0);
    expect(tail.lines).toHaveLength(50_000);
  });

  it('T29 a burst of 100,000 lines is read within two ticks', () => {
    const tail = started();
    appendFileSync(log, `${'x'.repeat(199)}\n`.repeat(100_000));
    expect(tail.ticks(2).behindBytes).toBe(0);
    expect(tail.lines).toHaveLength(100_000);
  });
});

describe('rotation by rename', () => {
  it('T5 a line torn by the rotation is never merged with the next file', () => {
    const tail = started();
    appendFileSync(log, 'torn');
    tail.tick();
    rotate();
    appendFileSync(log, 'complete\n');
    tail.ticks(20);
    expect(tail.lines).toEqual(['complete']);
  });

  it('T11 rename + create', () => {
    const tail = started();
    appendFileSync(log, 'a\n');
    rotate();
    appendFileSync(log, 'b\n');
    expect(tail.tick().events).toEqual([`${log} was rotated: reading the new file`]);
    expect(tail.lines).toEqual(['a', 'b']);
  });

  it('T12 lines that go to the old file until USR1 are counted, beside those of the new one', () => {
    const tail = started();
    const nginx = openSync(log, 'a');
    rotate();
    for (let second = 0; second < 3; second += 1) {
      writeSync(nginx, `old ${second}\n`);
      tail.tick();
    }
    appendFileSync(log, 'new\n');
    tail.tick();
    writeSync(nginx, 'a slow worker\n');
    closeSync(nginx);
    tail.tick();
    expect(tail.lines).toEqual(['old 0', 'old 1', 'old 2', 'new', 'a slow worker']);
  });

  it('T12 lets the old file go when it has been quiet and the new one has lines', () => {
    const tail = started();
    rotate();
    appendFileSync(log, 'new\n');
    tail.tick();
    expect(openFiles(folder)).toHaveLength(2);
    tail.ticks(15);
    expect(openFiles(folder)).toEqual([log]);
  });

  it.each([5, 60, 600])('T13 the new file appears %i s after the rename', (seconds) => {
    const tail = started();
    const nginx = openSync(log, 'a');
    renameSync(log, `${log}.1`);
    expect(tail.tick().problem).toBeNull();
    writeSync(nginx, 'between\n');
    expect(tail.ticks(seconds).problem).toBeNull();
    closeSync(nginx);
    writeFileSync(log, 'new\n');
    tail.tick();
    expect(tail.lines).toEqual(['between', 'new']);
  });

  it('gives a deleted log back after an hour of silence, and says it is missing', () => {
    const tail = started();
    rmSync(log);
    expect(tail.tick().problem).toBeNull();
    expect(tail.tick(3_600_000).problem?.code).toBe('missing');
    expect(openFiles(folder)).toEqual([]);
    writeFileSync(log, 'back\n');
    expect(tail.tick().problem).toBeNull();
    expect(tail.lines).toEqual(['back']);
  });

  it('T22 the path is a symbolic link that is pointed elsewhere', () => {
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    writeFileSync(one, 'old\n');
    symlinkSync(one, log);
    const tail = rig(log);
    tail.tick();
    appendFileSync(one, 'a\n');
    rmSync(log);
    symlinkSync('two', log);
    writeFileSync(two, 'b\n');
    tail.tick();
    expect(tail.lines).toEqual(['a', 'b']);
  });
});

describe('truncation', () => {
  it('T16 copytruncate with a small refill', () => {
    const tail = started('old\n');
    appendFileSync(log, 'a\nb\nc\n');
    tail.tick();
    copyFileSync(log, `${log}.1`);
    truncateSync(log, 0);
    appendFileSync(log, 'd\n');
    expect(tail.tick().events).toEqual([`${log} was truncated: reading it from its beginning`]);
    expect(tail.lines).toEqual(['a', 'b', 'c', 'd']);
  });

  it('T16 copytruncate refilled beyond the old offset within one tick', () => {
    const tail = started();
    appendFileSync(log, 'first 1\nfirst 2\n');
    tail.tick();
    truncateSync(log, 0);
    appendFileSync(log, 'second 1\nsecond 2\nsecond 3\n');
    tail.tick();
    expect(tail.lines).toEqual(['first 1', 'first 2', 'second 1', 'second 2', 'second 3']);
  });

  it('T17 truncated and refilled to the same size', () => {
    const tail = started();
    appendFileSync(log, 'aaa\n');
    tail.tick();
    truncateSync(log, 0);
    appendFileSync(log, 'bbb\n');
    tail.tick();
    expect(tail.lines).toEqual(['aaa', 'bbb']);
  });

  it('T18 truncated to nothing and idle', () => {
    const tail = started();
    appendFileSync(log, 'a\nto');
    tail.tick();
    truncateSync(log, 0);
    expect(tail.ticks(3).problem).toBeNull();
    appendFileSync(log, 'b\n');
    tail.tick();
    expect(tail.lines).toEqual(['a', 'b']);
  });

  it('T19 a writer without O_APPEND leaves a hole of NULs: skipped', () => {
    writeFileSync(log, '');
    const tail = rig(log);
    tail.tick();
    const writer = openSync(log, 'r+');
    writeSync(writer, 'a\n'.repeat(100_000));
    tail.tick();
    truncateSync(log, 0);
    writeSync(writer, 'b\n');
    closeSync(writer);
    tail.tick();
    expect(tail.lines.slice(-2)).toEqual(['a', 'b']);
    expect(tail.lines).toHaveLength(100_001);
  });

  it('T20 deleted and created with the same inode, while it was not held', () => {
    // Held, it cannot be reused; so only the first bytes are asked here: same inode, other content.
    const tail = started();
    appendFileSync(log, 'a\n'.repeat(10));
    tail.tick();
    writeFileSync(log, 'b\n'.repeat(20));
    tail.tick();
    expect(tail.lines).toEqual([...Array(10).fill('a'), ...Array(20).fill('b')]);
  });
});

describe('what cannot be read', () => {
  it('T23 a symbolic link to /dev/stdout is explained and never opened', () => {
    symlinkSync('/dev/stdout', log);
    const tail = rig(log, { fs: neverOpening });
    expect(tail.tick().problem).toEqual({ code: 'stream', text: expect.stringContaining('docker:FILE') });
  });

  it('T23 a link to a link to /proc/self/fd/2', () => {
    symlinkSync('/proc/self/fd/2', join(folder, 'middle'));
    symlinkSync('middle', log);
    expect(rig(log, { fs: neverOpening }).tick().problem?.code).toBe('stream');
  });

  it('T23 a FIFO is explained and never opened', () => {
    execFileSync('mkfifo', [log]);
    expect(rig(log, { fs: neverOpening }).tick().problem).toEqual({
      code: 'fifo',
      text: expect.stringContaining('a slow reader would block nginx'),
    });
  });

  it('T23 a directory, and a file in its place later', () => {
    mkdirSync(log);
    const tail = rig(log, { fs: neverOpening });
    expect(tail.tick().problem?.code).toBe('directory');
  });

  it('T23 a device', () => {
    expect(rig('/dev/null', { fs: neverOpening }).tick().problem?.code).toBe('device');
  });

  it('T23 a loop of links', () => {
    symlinkSync('error.log', log);
    expect(rig(log, { fs: neverOpening }).tick().problem).toEqual({
      code: 'io',
      text: expect.stringContaining('ELOOP'),
    });
  });

  it('T23 a FIFO put in place between the look and the open does not hang', () => {
    writeFileSync(log, '');
    const tail = rig(log, {
      fs: {
        ...nodeFileSystem,
        open: (path) => {
          rmSync(log, { force: true });
          execFileSync('mkfifo', [log]);
          return nodeFileSystem.open(path);
        },
      },
    });
    expect(tail.tick().problem).toBeNull();
    expect(tail.tick().problem?.code).toBe('fifo');
    expect(openFiles(folder)).toEqual([]);
  });

  it('T25 missing at the start, read from its first line when it appears', () => {
    const tail = rig(log);
    expect(tail.ticks(3).problem).toEqual({ code: 'missing', text: expect.stringContaining(log) });
    writeFileSync(log, 'first\n');
    expect(tail.tick().problem).toBeNull();
    expect(tail.lines).toEqual(['first']);
  });

  it('T25 its directory is missing', () => {
    const tail = rig(join(folder, 'later', 'error.log'));
    expect(tail.tick().problem?.code).toBe('missing');
    mkdirSync(join(folder, 'later'));
    writeFileSync(join(folder, 'later', 'error.log'), 'first\n');
    tail.tick();
    expect(tail.lines).toEqual(['first']);
  });

  it('T24 unreadable at the start: later only what came after the start counts', () => {
    writeFileSync(log, 'history\n');
    chmodSync(log, 0o640);
    let allowed = false;
    const tail = rig(log, { fs: guarded(() => allowed) });
    expect(tail.tick().problem).toEqual({
      code: 'unreadable',
      text: expect.stringMatching(
        /^user netdata may not read .*error\.log \(mode 0640, \S+:\S+\): (apt install acl && )?(setfacl -m u:netdata:r|usermod -aG) /,
      ),
    });
    appendFileSync(log, 'since\n');
    expect(tail.tick().problem?.code).toBe('unreadable');
    allowed = true;
    expect(tail.tick().problem).toBeNull();
    expect(tail.lines).toEqual(['since']);
  });

  it('T24 unreadable after a rotation: a problem, the old file still read, recovery without loss', () => {
    writeFileSync(log, '');
    let allowed = true;
    const tail = rig(log, { fs: guarded(() => allowed) });
    tail.tick();
    const nginx = openSync(log, 'a');
    rotate();
    allowed = false;
    writeSync(nginx, 'old\n');
    appendFileSync(log, 'new 1\n');
    expect(tail.tick().problem?.code).toBe('unreadable');
    expect(tail.lines).toEqual(['old']);
    allowed = true;
    expect(tail.tick().problem).toBeNull();
    expect(tail.lines).toEqual(['old', 'new 1']);
    closeSync(nginx);
  });

  it.each(['EIO', 'ESTALE'])('T34 %s while reading: a problem now, and on when it is over', (code) => {
    writeFileSync(log, '');
    let broken = false;
    const tail = rig(log, {
      fs: {
        ...nodeFileSystem,
        read: (...args) => {
          if (broken) throw Object.assign(new Error(code), { code });
          return nodeFileSystem.read(...args);
        },
      },
    });
    tail.tick();
    broken = true;
    appendFileSync(log, 'a\n');
    expect(tail.tick().problem).toEqual({ code: 'io', text: expect.stringContaining(code) });
    broken = false;
    expect(tail.tick().problem).toBeNull();
    expect(tail.lines).toEqual(['a']);
  });
});

/** Refuses to open, as the kernel does for a user without the right (these tests may run as root). */
function guarded(allowed: () => boolean): typeof nodeFileSystem {
  return {
    ...nodeFileSystem,
    open: (path) => {
      if (!allowed()) throw Object.assign(new Error('denied'), { code: 'EACCES' });
      return nodeFileSystem.open(path);
    },
  };
}

const neverOpening = {
  ...nodeFileSystem,
  open: (path: string): number => {
    throw new Error(`opened ${path}`);
  },
};

/** What this process holds open in a folder. */
function openFiles(folder: string): string[] {
  return readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        return nodeFileSystem.readlink(`/proc/self/fd/${fd}`);
      } catch {
        return '';
      }
    })
    .filter((target) => target.startsWith(folder));
}
