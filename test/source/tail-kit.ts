/** A tailer on a private folder, stepped by hand: no test of it sleeps. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, onTestFinished } from 'vitest';
import { lineSplitter } from '../../collector/decode/lines.ts';
import type { Source, SourceReading } from '../../collector/source/source.ts';
import { createTail, type TailOptions } from '../../collector/source/tail/tail.ts';
import type { Accounts } from '../../collector/system/accounts.ts';
import { nodeFileSystem } from '../../collector/system/fs.ts';

export const testAccounts: Accounts = {
  user: 'netdata',
  userName: (uid) => (uid === 0 ? 'root' : `user${uid}`),
  groupName: (gid) => ({ 0: 'root', 4: 'adm' })[gid] ?? `group${gid}`,
};

export function privateFolder(parent = tmpdir()): string {
  const folder = mkdtempSync(join(parent, 'tail-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A private folder for each test of a file that calls `eachInFolder`, and the log in it. */
export let folder = '';
export let log = '';
export function eachInFolder(): void {
  beforeEach(() => {
    folder = privateFolder();
    log = join(folder, 'error.log');
  });
}

/** The log of this test lies elsewhere. */
export function logAt(path: string, its = folder): void {
  folder = its;
  log = path;
}

export interface Rig {
  readonly lines: string[];
  readonly overlong: () => number;
  readonly source: Source;
  /** One tick later: a second has passed. */
  tick(ms?: number): SourceReading;
  /** Ticks until a condition holds, at most `most`. */
  ticks(most: number): SourceReading;
}

export function rig(path: string, options: Partial<TailOptions> = {}, maxLength = 1_048_576): Rig {
  const lines: string[] = [];
  let overlong = 0;
  let time = 1_000_000;
  const source = createTail({
    path,
    fs: nodeFileSystem,
    accounts: testAccounts,
    now: () => time,
    // As much as the logs of a job may have in one tick.
    maxBytesPerPoll: 32 * 1024 * 1024,
    openSink: () =>
      lineSplitter({
        maxLength,
        onLine: (line) => lines.push(line),
        onOverlong: () => {
          overlong += 1;
        },
      }),
    ...options,
  });
  onTestFinished(() => source.close());
  const tick = (ms = 1000) => {
    time += ms;
    return source.poll();
  };
  return {
    lines,
    overlong: () => overlong,
    source,
    tick,
    ticks: (most) => {
      let reading = tick();
      for (let n = 1; n < most; n += 1) reading = tick();
      return reading;
    },
  };
}
