import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { createCheckpoint, longestAbsenceMs } from '../../collector/source/tail/checkpoint.ts';
import { toMarks } from '../../collector/source/tail/mark.ts';
import { nodeStateFile, type StateFile } from '../../collector/system/state-file.ts';
import { eachInFolder, folder, log, type Rig, rig } from './tail-kit.ts';

const now = 1_700_000_000_000;
eachInFolder();

describe('T27 a restart', () => {
  /** What one plugin leaves and the next finds: through the file, as JSON. */
  function restart(before: Rig, wall = now): Rig {
    const file = nodeStateFile(join(folder, 'state.json'));
    const saving = createCheckpoint(file, () => now);
    saving.set('log', before.source.mark?.());
    expect(saving.save()).toBeNull();
    before.source.close();
    return resumed(createCheckpoint(file, () => wall).get('log'), before);
  }

  /** The next plugin's lines follow those of the one before. */
  function resumed(mark: unknown, before: Rig): Rig {
    const next = rig(log, { resume: toMarks(mark) });
    next.lines.push(...before.lines);
    return next;
  }

  function started(): Rig {
    writeFileSync(log, 'history\n');
    const tail = rig(log);
    tail.tick();
    appendFileSync(log, 'a\n');
    tail.tick();
    return tail;
  }

  it('the same file: what was written meanwhile is read, nothing twice', () => {
    const before = started();
    appendFileSync(log, 'half');
    before.tick();
    appendFileSync(log, ' b\nc\n');
    const tail = restart(before);
    tail.tick();
    expect(tail.lines).toEqual(['a', 'half b', 'c']);
  });

  it('rotated once meanwhile', () => {
    const before = started();
    appendFileSync(log, 'b\n');
    renameSync(log, `${log}.1`);
    writeFileSync(log, 'c\n');
    const tail = restart(before);
    tail.tick();
    expect(tail.lines).toEqual(['a', 'b', 'c']);
  });

  it('rotated twice meanwhile', () => {
    const before = started();
    appendFileSync(log, 'b\n');
    renameSync(log, `${log}.2`);
    writeFileSync(log, 'c\n');
    renameSync(log, `${log}.1`);
    writeFileSync(log, 'd\n');
    const tail = restart(before);
    tail.tick();
    expect(tail.lines).toEqual(['a', 'b', 'c', 'd']);
  });

  it('rotated, and the new file does not exist yet', () => {
    const before = started();
    renameSync(log, `${log}.1`);
    const tail = restart(before);
    expect(tail.tick().problem).toBeNull();
    appendFileSync(`${log}.1`, 'b\n');
    tail.tick();
    writeFileSync(log, 'c\n');
    tail.tick();
    expect(tail.lines).toEqual(['a', 'b', 'c']);
  });

  it('truncated meanwhile', () => {
    const before = started();
    truncateSync(log, 0);
    appendFileSync(log, 'b\n');
    const tail = restart(before);
    tail.tick();
    expect(tail.lines).toEqual(['a', 'b']);
  });

  it('deleted meanwhile, and there again', () => {
    const before = started();
    rmSync(log);
    const tail = restart(before);
    expect(tail.tick().problem?.code).toBe('missing');
    writeFileSync(log, 'b\n');
    tail.tick();
    expect(tail.lines).toEqual(['a', 'b']);
  });

  it('T20 deleted meanwhile, and its inode number used again, with the same first bytes', () => {
    const before = started();
    const mark = before.source.mark?.();
    const content = readFileSync(log);
    before.source.close();
    rmSync(log);
    writeFileSync(log, content);
    const ino = String(statSync(log, { bigint: true }).ino);
    const tail = resumed(
      toMarks(mark).map((one) => ({ ...one, ino })),
      before,
    );
    tail.tick();
    expect(tail.lines).toEqual(['a', 'history', 'a']);
  });

  it('the checkpoint is too old: what was logged meanwhile is history', () => {
    const before = started();
    appendFileSync(log, 'long ago\n');
    const tail = restart(before, now + longestAbsenceMs + 1);
    tail.tick();
    appendFileSync(log, 'b\n');
    tail.tick();
    expect(tail.lines).toEqual(['a', 'b']);
  });

  it('unreadable at the start: the checkpoint is not forgotten', () => {
    const before = started();
    const mark = before.source.mark?.();
    before.source.close();
    rmSync(log);
    mkdirSync(log);
    const tail = resumed(mark, before);
    tail.tick();
    expect(tail.source.mark?.()).toEqual(mark);
  });
});

describe('the file', () => {
  const path = () => join(folder, 'state.json');
  const make = (wall = () => now) => createCheckpoint(nodeStateFile(path()), wall);

  it('holds no text of a log, and is replaced in one step', () => {
    writeFileSync(log, 'a secret\n');
    const tail = rig(log);
    tail.tick();
    const checkpoint = make();
    checkpoint.set('job error log', tail.source.mark?.());
    checkpoint.save();
    expect(readFileSync(path(), 'utf8')).not.toContain('secret');
    expect(existsSync(`${path()}.tmp`)).toBe(false);
    expect(make().get('job error log')).toEqual(tail.source.mark?.());
  });

  it('is written only when something moved, or to keep it fresh', () => {
    let wall = now;
    let writes = 0;
    const file: StateFile = {
      path: 'x',
      read: () => '',
      empty: () => undefined,
      replace: () => {
        writes += 1;
      },
    };
    const checkpoint = createCheckpoint(file, () => wall);
    const tick = (value: number) => {
      wall += 1000;
      checkpoint.set('key', value);
      checkpoint.save();
    };
    for (let n = 0; n < 30; n += 1) tick(1);
    expect(writes).toBe(1);
    tick(2);
    expect(writes).toBe(2);
    for (let n = 0; n < 60; n += 1) tick(2);
    expect(writes).toBe(3);
  });

  it('keeps what another job has left until that is too old', () => {
    const before = make();
    before.set('other', 7);
    before.save();
    const after = make(() => now + longestAbsenceMs - 1);
    after.set('mine', 8);
    after.save();
    expect(make(() => now + longestAbsenceMs - 1).get('other')).toBe(7);
    expect(make(() => now + longestAbsenceMs + 1).get('other')).toBeUndefined();
  });

  const damaged: Record<string, string> = {
    empty: '',
    'half written': '{"version":1,"entries":{"a":{"at":17',
    'another version': '{"version":2,"entries":{}}',
    'no object': '[]',
    'entries of another form': '{"version":1,"entries":{"a":7}}',
    'no entries': '{"version":1}',
    NULs: '\0'.repeat(100),
  };
  test.each(Object.entries(damaged))('T27 damaged (%s): one line, and it is written anew', (_, text) => {
    writeFileSync(path(), text);
    const checkpoint = make();
    expect(checkpoint.damage).toBe(
      `${path()} is damaged: logs are read from their end, as at a first start; it is written again`,
    );
    expect(checkpoint.get('a')).toBeUndefined();
    checkpoint.set('a', 1);
    expect(checkpoint.save()).toBeNull();
    expect(make().damage).toBeNull();
    expect(make().get('a')).toBe(1);
  });

  it('T27 marks of another form are none', () => {
    for (const value of [undefined, null, 7, [7], [{}], [{ dev: 1 }], { a: 1 }, [{ dev: '1', ino: '2', offset: -1 }]]) {
      expect(toMarks(value)).toEqual([]);
    }
  });

  it('T27 a directory that cannot be written: said, and fixed when it can', () => {
    const state = join(folder, 'lib');
    const checkpoint = createCheckpoint(nodeStateFile(join(state, 'state.json')), () => now);
    checkpoint.set('a', 1);
    expect(checkpoint.save()).toMatch(/cannot be written \(ENOENT\): lines written while the plugin restarts/);
    mkdirSync(state);
    chmodSync(state, 0o755);
    checkpoint.set('a', 2);
    expect(checkpoint.save()).toBeNull();
  });

  it.each(['a folder in its way', 'a disk that is full'])(
    'T27 it cannot be replaced (%s): the old one is emptied, and the next process counts nothing twice',
    (reason) => {
      const path = join(folder, 'state.json');
      const good = nodeStateFile(path);
      const full: StateFile = {
        ...good,
        replace: () => {
          throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
        },
      };
      writeFileSync(log, '');
      const tail = rig(log);
      tail.tick();
      const first = createCheckpoint(good, () => now);
      first.set('log', tail.source.mark?.());
      expect(first.save()).toBeNull();
      if (reason.startsWith('a folder')) mkdirSync(`${path}.tmp`);
      const saving = createCheckpoint(reason.startsWith('a folder') ? good : full, () => now);
      appendFileSync(log, 'counted\n');
      tail.tick();
      saving.set('log', tail.source.mark?.());
      expect(saving.save()).toMatch(/cannot be written/);
      tail.source.close();
      const next = createCheckpoint(good, () => now);
      expect(next.damage).toMatch(/read from their end/);
      const again = rig(log, { resume: toMarks(next.get('log')) });
      again.tick();
      appendFileSync(log, 'later\n');
      again.tick();
      expect(again.lines).toEqual(['later']);
    },
  );

  it('outside Netdata there is none, and nothing is wrong', () => {
    const checkpoint = createCheckpoint(null, () => now);
    checkpoint.set('a', 1);
    expect(checkpoint.save()).toBeNull();
    expect(checkpoint.get('a')).toBe(1);
  });
});
