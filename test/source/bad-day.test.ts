/** A bad day: more rotations than descriptors, copies over copies, other folders. What is lost is counted. */
import { appendFileSync, copyFileSync, mkdirSync, renameSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { privateFolder, rig } from './tail-kit.ts';

function begun(folder = privateFolder()) {
  const path = join(folder, 'error.log');
  writeFileSync(path, '');
  const tail = rig(path);
  tail.tick();
  return { folder, path, tail };
}

describe('many rotations between two checks', () => {
  test.each([2, 5, 17, 18, 19, 25, 40, 100])('%i: every line is read once, or its loss is counted', (count) => {
    const { path, tail } = begun();
    appendFileSync(path, 'line 0\nmore 0\n');
    for (let number = 1; number <= count; number++) {
      renameSync(path, `${path}-${String(number).padStart(3, '0')}`);
      writeFileSync(path, `line ${number}\nmore ${number}\n`);
    }
    const { lost } = tail.ticks(3);
    const all = Array.from({ length: count + 1 }, (_, number) => [`line ${number}`, `more ${number}`]).flat();
    expect(tail.lines).toEqual(all);
    expect(lost).toBe(0);
  });

  test('and again, and again: descriptors are let go', () => {
    const { path, tail } = begun();
    const all: string[] = [];
    for (let number = 0; number < 90; number++) {
      renameSync(path, `${path}-${String(number).padStart(3, '0')}`);
      writeFileSync(path, `line ${number}\n`);
      all.push(`line ${number}`);
      if (number % 30 === 29) tail.tick();
    }
    expect(tail.lines).toEqual(all);
  });
});

describe('cp x x.1; > x, over the copy of the time before', () => {
  test.each([1, 2, 5])('%i times: what was written since the last tick is read from the copy', (times) => {
    const { path, tail } = begun();
    const all: string[] = [];
    const write = (text: string) => {
      appendFileSync(path, `${text}\n`);
      all.push(text);
    };
    for (let time = 0; time < times; time++) {
      write(`seen ${time}, ${'x'.repeat(300)}`);
      tail.tick();
      write(`late ${time}`);
      copyFileSync(path, `${path}.1`);
      truncateSync(path);
      write(`after ${time}`);
      const { lost } = tail.tick();
      expect(lost).toBe(0);
    }
    tail.ticks(3);
    expect(tail.lines).toEqual(all);
  });

  test('no copy: nothing is made up, nothing is read twice', () => {
    const { path, tail } = begun();
    appendFileSync(path, 'one\ntwo\n');
    tail.tick();
    truncateSync(path);
    appendFileSync(path, 'three\n');
    tail.ticks(3);
    expect(tail.lines).toEqual(['one', 'two', 'three']);
  });
});

describe('rotation into another folder', () => {
  function old(folder: string): string {
    mkdirSync(join(folder, 'old'));
    return join(folder, 'old');
  }

  test.each([1, 2, 3, 6])('%i in one tick: every line is read', (count) => {
    const { folder, path, tail } = begun();
    const into = old(folder);
    appendFileSync(path, 'line 0\n');
    for (let number = 1; number <= count; number++) {
      // As logrotate with olddir: the numbers move up.
      for (let at = number - 1; at >= 1; at--)
        renameSync(join(into, `error.log.${at}`), join(into, `error.log.${at + 1}`));
      renameSync(path, join(into, 'error.log.1'));
      writeFileSync(path, `line ${number}\n`);
    }
    const { lost } = tail.ticks(3);
    expect(tail.lines).toEqual(Array.from({ length: count + 1 }, (_, number) => `line ${number}`));
    expect(lost).toBe(0);
  });

  test('with compression there: the loss is counted', () => {
    const { folder, path, tail } = begun();
    const into = old(folder);
    appendFileSync(path, 'line 0\n');
    renameSync(path, join(into, 'error.log.2'));
    writeFileSync(path, 'line 1\n');
    renameSync(path, join(into, 'error.log.1'));
    writeFileSync(join(into, 'error.log.1.gz'), 'compressed');
    unlinkSync(join(into, 'error.log.1'));
    writeFileSync(path, 'line 2\n');
    const { lost } = tail.ticks(3);
    expect(tail.lines).toEqual(['line 0', 'line 2']);
    expect(lost).toBe(1);
  });
});
