import { linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sourceDefaults } from '../../../collector/discover/find/build.ts';
import { rootView } from '../../../collector/discover/find/view.ts';
import { readNginx } from '../../../collector/discover/follow/read-nginx.ts';
import { fileAt } from '../../../collector/runtime/logs/log-files.ts';
import { ownErrorLogs } from '../../../collector/runtime/logs/own-logs.ts';
import type { WatchedNginx } from '../../../collector/runtime/nginx/watch.ts';
import { nodeFileSystem } from '../../../collector/system/fs.ts';
import { tempDir } from '../../support/temp.ts';

const dir = tempDir('own');

function watched(key: string, ...errorLogs: readonly string[]): WatchedNginx {
  const confPath = join(dir, `${key}.conf`);
  writeFileSync(confPath, `${errorLogs.map((log) => `error_log ${log};`).join('\n')}\nevents {}\nhttp { server {} }\n`);
  const defaults = { ...sourceDefaults(dir), errorLogPath: join(dir, 'default.log') };
  const view = rootView(nodeFileSystem, '');
  const found = { master: null, version: null, defaults, confPath, commandLine: null, view };
  const read = readNginx(found, nodeFileSystem);
  return { key, followed: { read, pending: null, previous: [], newLogs: new Set() } };
}

test('files that only one nginx names, by whatever path; nothing that is no file', () => {
  mkdirSync(join(dir, 'logs'));
  for (const name of ['a.log', 'both.log', 'old.log']) writeFileSync(join(dir, name), '');
  linkSync(join(dir, 'both.log'), join(dir, 'logs/same.log'));
  const a = watched('a', `${dir}/a.log`, `${dir}/both.log`, `${dir}/absent.log`, 'stderr', '/dev/null', 'memory:32k');
  const b = watched('b', `${dir}/logs/same.log`, `${dir}/old.log`);
  const ports = { fs: nodeFileSystem, hostPrefix: '' };
  const files = (...names: string[]) => new Set(names.map((name) => fileAt(join(dir, name), ports)));
  const own = ownErrorLogs([a, b], ports);
  expect(own.get('a')).toEqual(files('a.log'));
  expect(own.get('b')).toEqual(files('old.log'));
  expect(ownErrorLogs([a], ports).get('a')).toEqual(files('a.log', 'both.log'));
  expect(ownErrorLogs([], ports)).toEqual(new Map());
});
