import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { createCheckpoint } from '../../collector/source/tail/checkpoint.ts';
import { attempt } from '../../collector/system/fs.ts';
import { nodeStateFile } from '../../collector/system/state-file.ts';
import { tempDir } from '../support/temp.ts';

let path = '';
beforeEach(() => {
  path = join(tempDir('state'), 'state.json');
});

const fifo = (at: string) => execFileSync('mkfifo', [at]);

function endless(at: string): void {
  writeFileSync(at, '');
  truncateSync(at, 2 ** 40);
}

describe('what stands where state is kept', () => {
  test.each<[string, () => void, string]>([
    ['a FIFO, which would be waited for', () => fifo(path), 'EINVAL'],
    ['a link to an endless device', () => symlinkSync('/dev/zero', path), 'ELOOP'],
    ["a link to somebody's file", () => symlinkSync('/etc/passwd', path), 'ELOOP'],
    ['a folder', () => mkdirSync(path), 'EINVAL'],
    ['a file without end', () => endless(path), 'EFBIG'],
  ])('is not read: %s', (_, make, code) => {
    make();
    const file = nodeStateFile(path);
    expect(attempt(() => file.read())).toEqual({ ok: false, code });
    expect(createCheckpoint(file, () => 0).damage).toContain(code);
  });

  test.each<[string, (fresh: string, victim: string) => void]>([
    ['a link', (fresh, victim) => symlinkSync(victim, fresh)],
    ['a FIFO', (fresh) => fifo(fresh)],
    ['what a process before left', (fresh) => writeFileSync(fresh, 'half')],
  ])('the new text does not go through %s', (_, make) => {
    const victim = `${path}.victim`;
    writeFileSync(victim, 'untouched');
    make(`${path}.tmp`, victim);
    const file = nodeStateFile(path);
    file.replace('new');
    expect([file.read(), readFileSync(victim, 'utf8'), existsSync(`${path}.tmp`)]).toEqual(['new', 'untouched', false]);
    expect(lstatSync(path).isFile()).toBe(true);
  });

  test('a folder in its way is a problem that is reported, no crash', () => {
    mkdirSync(`${path}.tmp`);
    const checkpoint = createCheckpoint(nodeStateFile(path), () => 0);
    checkpoint.set('log', 1);
    expect(checkpoint.save()).toMatch(/cannot be written \((EISDIR|EPERM)\)/);
  });
});
