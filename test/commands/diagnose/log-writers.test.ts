import { expect, test } from 'vitest';
import { readWriters } from '../../../collector/commands/diagnose/recent/log-writers.ts';
import { procOf } from '../../../collector/discover/find/find-nginx.ts';
import { nodeFileSystem } from '../../../collector/system/fs.ts';
import { hostTree } from '../../discover/host-tree.ts';

test('a cache manager and a worker that shuts down write to the error log, too; only serving workers say since when', () => {
  const host = hostTree();
  host.nginx({ pid: 100, title: 'nginx: master process nginx', workers: { 101: 700, 102: 300, 103: 800 } });
  host.write({
    '/proc/102/cmdline': 'nginx: worker process is shutting down\0',
    '/proc/103/cmdline': 'nginx: cache manager process\0',
  });
  const proc = procOf({ fs: nodeFileSystem, hostPrefix: host.prefix });
  expect(readWriters([100], proc)).toBeNull();
  host.write({ '/proc/stat': 'cpu0 1 2 3\nbtime 1000\n' });
  expect(readWriters([100], proc)).toEqual({ pids: new Set([100, 101, 102, 103]), sinceMs: 1_007_000 });
  expect(readWriters([999], proc)).toBeNull();
});
