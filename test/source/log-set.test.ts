/** T31: several files as one source, found by a pattern. */
import { appendFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lineSplitter } from '../../collector/decode/lines.ts';
import { createLogSet } from '../../collector/source/log-set.ts';
import { nodeFileSystem } from '../../collector/system/fs.ts';
import { eachInFolder, folder, testAccounts } from './tail-kit.ts';

eachInFolder();
const at = (name: string) => join(folder, name);

function watch(pattern: string, resume?: unknown) {
  const lines: string[] = [];
  let time = 1_000_000;
  const source = createLogSet({
    pattern: at(pattern),
    fs: nodeFileSystem,
    accounts: testAccounts,
    now: () => time,
    openSink: () => lineSplitter({ maxLength: 1000, onLine: (line) => lines.push(line), onOverlong: () => undefined }),
    resume,
  });
  onTestFinished(() => source.close());
  const tick = (times = 1) => {
    let reading = source.poll();
    for (let n = 1; n < times; n += 1) {
      time += 1000;
      reading = source.poll();
    }
    return reading;
  };
  return { lines, source, tick };
}

describe('T31 a glob', () => {
  it('virtual hosts come and go', () => {
    writeFileSync(at('a.access.log'), 'old\n');
    const set = watch('*.access.log');
    expect(set.tick()).toMatchObject({ problem: null, bytes: 0 });
    appendFileSync(at('a.access.log'), 'a 1\n');
    writeFileSync(at('b.access.log'), 'b 1\n');
    set.tick(6);
    expect(set.lines.sort()).toEqual(['a 1', 'b 1']);
    rmSync(at('a.access.log'));
    appendFileSync(at('b.access.log'), 'b 2\n');
    expect(set.tick(6).problem).toBeNull();
    expect(set.lines).toContain('b 2');
  });

  it('nothing matches yet', () => {
    const set = watch('*.log');
    expect(set.tick().problem).toEqual({ code: 'missing', text: expect.stringContaining('no file matches') });
    writeFileSync(at('x.log'), 'x\n');
    expect(set.tick(6).problem).toBeNull();
    expect(set.lines).toEqual(['x']);
  });

  it('the pattern matches rotated files too: each line counts once, through every rotation', () => {
    writeFileSync(at('a.log'), '');
    writeFileSync(at('a.log-20261121'), 'yesterday\n');
    writeFileSync(at('a.log.gz'), 'no text');
    const set = watch('a.log*');
    set.tick();
    const written: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      appendFileSync(at('a.log'), `before ${n}\n`);
      renameSync(at('a.log'), at(`a.log-2026112${n + 2}`));
      writeFileSync(at('a.log'), '');
      appendFileSync(at('a.log'), `after ${n}\n`);
      written.push(`before ${n}`, `after ${n}`);
      set.tick(7);
    }
    expect(set.lines).toEqual(written);
  });

  it('a file and a link to it count once', () => {
    writeFileSync(at('a.log'), '');
    symlinkSync('a.log', at('b.log'));
    const set = watch('*.log');
    set.tick();
    appendFileSync(at('a.log'), 'x\n');
    set.tick(6);
    expect(set.lines).toEqual(['x']);
  });

  it('one of many cannot be read: said, with how many', () => {
    writeFileSync(at('a.log'), '');
    symlinkSync('/dev/stdout', at('b.log'));
    symlinkSync('/dev/stderr', at('c.log'));
    const { problem } = watch('*.log').tick();
    expect(problem).toEqual({ code: 'stream', text: expect.stringContaining('(and 1 more of') });
  });

  it('continues where it ended', () => {
    writeFileSync(at('a.log'), 'old\n');
    const before = watch('*.log');
    before.tick();
    const mark: unknown = JSON.parse(JSON.stringify(before.source.mark?.()));
    before.source.close();
    appendFileSync(at('a.log'), 'meanwhile\n');
    const after = watch('*.log', mark);
    after.tick();
    expect(after.lines).toEqual(['meanwhile']);
  });
});
