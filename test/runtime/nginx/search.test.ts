import { expect, test } from 'vitest';
import { createNginxSearch } from '../../../collector/runtime/nginx/search.ts';
import { nodeFileSystem } from '../../../collector/system/fs.ts';
import { hostTree } from '../../discover/host-tree.ts';

const title = 'nginx: master process nginx';

function setUp() {
  const host = hostTree({ '/etc/nginx/nginx.conf': 'events {}' });
  let us = 0;
  const search = createNginxSearch({
    fs: nodeFileSystem,
    hostPrefix: host.prefix,
    ownUid: 0,
    clock: { monotonicUs: () => us },
  });
  return {
    host,
    /** The pids of those that run, after so many seconds; null: as a moment ago. */
    after(seconds: number) {
      us += seconds * 1_000_000;
      let found: readonly (number | null)[] | null = null;
      search.run(us, ({ running }) => {
        found = running.map(({ master }) => master?.pid ?? null);
      });
      return found;
    },
  };
}

test('what is here is found out when a master comes or goes, and until it has settled', () => {
  const { host, after } = setUp();
  host.nginx({ pid: 100, title, workers: { 101: 1 } });
  expect(after(1)).toEqual([100]);
  for (let second = 1; second < 15; second++) expect(after(1)).toEqual([100]);
  expect(after(1)).toBeNull();
  host.nginx({ pid: 200, title: `${title} -c /other.conf`, workers: {} });
  expect(after(1)).toEqual([100, 200]);
  host.write({ '/proc/100': null });
  expect(after(1)).toEqual([200]);
});

test('files that change without a process are seen within ten seconds', () => {
  const { host, after } = setUp();
  expect(after(1)).toEqual([null]);
  for (let second = 0; second < 30; second++) after(1);
  host.write({ '/etc/nginx/nginx.conf': null });
  let last: readonly (number | null)[] | null = null;
  for (let second = 0; second < 10; second++) last = after(1) ?? last;
  expect(last).toEqual([]);
});
