import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createConditions, createLog } from '../../collector/netdata/log.ts';
import { createSettings } from '../../collector/runtime/settings.ts';
import { type FileSystem, nodeFileSystem } from '../../collector/system/fs.ts';
import { tempDir } from '../support/temp.ts';

function inFolder(fs: FileSystem = nodeFileSystem, isNamed = false) {
  const folder = tempDir('settings');
  const lines: string[] = [];
  const log = createLog(
    (line) => lines.push(/msg="?(.*?)"?\n$/.exec(line)?.[1] ?? line),
    () => 0,
    undefined,
  );
  const paths = [join(folder, 'user.conf'), join(folder, 'stock.conf')];
  const settings = createSettings(paths, isNamed, { fs, log, conditions: createConditions(log) });
  return { user: paths[0] ?? '', stock: paths[1] ?? '', settings, lines };
}

describe('the configuration in force', () => {
  test('no file: everything default, said once', () => {
    const { settings, lines } = inFolder();
    expect([settings.poll(), settings.poll(), settings.poll()]).toEqual([true, false, false]);
    expect(settings.current().jobs.map(({ name }) => name)).toEqual(['local']);
    expect(lines).toEqual(['no configuration file: everything is discovered']);
  });

  test('a file that is written, changed, broken and fixed', () => {
    const { settings, user, lines } = inFolder();
    settings.poll();
    writeFileSync(user, 'max_peers: 10\n');
    expect([settings.poll(), settings.current().maxPeers]).toEqual([true, 10]);
    writeFileSync(user, 'max_peers: many\nprobe: 1\n');
    expect([settings.poll(), settings.current().maxPeers]).toEqual([false, 10]);
    expect(settings.poll()).toBe(false);
    expect(lines.at(-1)).toBe(
      `configuration: ${user}:1: max_peers must be an integer from 1 to 1000; ` +
        `${user}:2: probe must be a text; the last valid configuration stays in force`,
    );
    writeFileSync(user, 'max_peers: 12\n');
    expect([settings.poll(), settings.current().maxPeers]).toEqual([true, 12]);
  });

  test('bad at the first start: no job runs, and it is picked up when fixed', () => {
    const { settings, user, lines } = inFolder();
    writeFileSync(user, 'jobs: [');
    expect([settings.poll(), settings.current().jobs]).toEqual([false, []]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('nothing is watched until it is fixed');
    writeFileSync(user, '');
    expect([settings.poll(), settings.poll(), settings.current().jobs.length]).toEqual([false, true, 1]);
  });

  test('a bad file that is emptied before it is written well: nothing is discovered meanwhile', () => {
    for (const empty of ['', '\n', '  \n\n']) {
      const { settings, user, lines } = inFolder();
      writeFileSync(user, 'job:\n  - name: local\n');
      settings.poll();
      writeFileSync(user, empty);
      expect([settings.poll(), settings.current().jobs]).toEqual([false, []]);
      writeFileSync(user, 'jobs:\n  - name: edge\n    error_log: /x.log\n');
      expect([settings.poll(), settings.current().jobs.map(({ name }) => name)]).toEqual([true, ['edge']]);
      expect(lines.filter((line) => line.includes('everything is discovered'))).toEqual([]);
    }
  });

  test('the user file wins over the stock file, also when it comes later or goes', () => {
    const { settings, user, stock } = inFolder();
    writeFileSync(stock, 'max_peers: 1\n');
    settings.poll();
    writeFileSync(user, 'max_peers: 2\n');
    expect([settings.poll(), settings.current().maxPeers]).toEqual([true, 2]);
    rmSync(user);
    expect([settings.poll(), settings.current().maxPeers]).toEqual([true, 1]);
    rmSync(stock);
    // An editor may be saving it: only the second look believes that it is gone.
    expect([settings.poll(), settings.poll(), settings.current().maxPeers]).toEqual([false, true, 50]);
  });

  test('a file that an editor empties before it writes is not treated as empty', () => {
    const { settings, user } = inFolder();
    writeFileSync(user, 'max_peers: 10\n');
    settings.poll();
    writeFileSync(user, '');
    expect([settings.poll(), settings.current().maxPeers]).toEqual([false, 10]);
    writeFileSync(user, 'max_peers: 11\n');
    expect([settings.poll(), settings.current().maxPeers]).toEqual([true, 11]);
  });

  test('a file named by hand that is not there: nothing is watched, and it is said', () => {
    const { settings, user, lines } = inFolder(nodeFileSystem, true);
    expect([settings.poll(), settings.current().jobs]).toEqual([false, []]);
    expect(lines.at(-1)).toContain(
      `${user} does not exist: write it, or leave --config out; nothing is watched until it is fixed`,
    );
  });

  test('a directory, a huge file and a missing file named by hand are each explained', () => {
    const { settings, user, lines } = inFolder();
    mkdirSync(user);
    settings.poll();
    expect(lines.at(-1)).toContain('it is a directory, not a file');
    rmSync(user, { recursive: true });
    writeFileSync(user, `# ${'x'.repeat(2_000_000)}`);
    settings.poll();
    expect(lines.at(-1)).toContain('this is not a configuration');
  });

  test('a file that may not be read is explained', () => {
    const denied: FileSystem = {
      ...nodeFileSystem,
      open: () => {
        throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
      },
    };
    const { settings, user, lines } = inFolder(denied);
    writeFileSync(user, '');
    settings.poll();
    expect(lines.at(-1)).toContain(`${user} cannot be read: permission denied`);
  });

  test('SIGHUP reads it again even if it looks the same', () => {
    const { settings, user } = inFolder();
    writeFileSync(user, 'max_peers: 10\n');
    settings.poll();
    settings.reread();
    expect(settings.poll()).toBe(true);
  });
});
