import { expect, test } from 'vitest';
import { findNginx } from '../../collector/discover/find/find-nginx.ts';
import { createNginxFollower } from '../../collector/discover/follow/nginx-follower.ts';
import { readNginx } from '../../collector/discover/follow/read-nginx.ts';
import { nodeFileSystem } from '../../collector/system/fs.ts';
import { hostTree } from './host-tree.ts';

const conf = '/etc/nginx/nginx.conf';
const http = (port: number, log: string) =>
  `error_log /var/log/e.log; http { access_log ${log}; server { location / { proxy_pass http://127.0.0.1:${port}; } } }`;

async function follow() {
  const host = hostTree({
    [conf]: http(1, '/var/log/a.log'),
    '/var/log/a.log': '',
    '/var/log/e.log': '',
    '/var/log/old.log': 'history\n',
  });
  // Younger than that by more than a file system's clock can be wrong.
  const start = Date.now() + 100;
  host.nginx({ pid: 100, title: 'nginx: master process nginx', workers: { 101: 10, 102: 10 } });
  const ports = { fs: nodeFileSystem, ownUid: 0, hostPrefix: host.prefix };
  const [found] = findNginx(ports).running;
  if (found === undefined) throw new Error('no nginx was found');
  const read = () => readNginx(found, nodeFileSystem);
  let nowMs = 0;
  let reads = 0;
  const again = () => {
    reads += 1;
    return read();
  };
  const follower = createNginxFollower(read(), again, { ...ports, wallMs: () => Math.max(start, Date.now()) });
  return {
    host,
    reads: () => reads,
    poll: (ms = 1000) => {
      nowMs += ms;
      return follower.poll(nowMs);
    },
    state: () => {
      const { read: now, pending, previous, newLogs } = follower.current();
      const name = (each: typeof pending | undefined) => each?.upstreams[0]?.name.slice(-1) ?? null;
      return { now: name(now.configuration), pending: name(pending), previous: name(previous[0]), new: [...newLogs] };
    },
  };
}

test('nothing is read again while nothing changes', async () => {
  const { poll, reads } = await follow();
  expect([poll(), poll(), poll()]).toEqual([false, false, false]);
  expect(reads()).toBe(0);
});

test('a change is in force when new workers run and the old ones shut down', async () => {
  const { host, poll, state, reads } = await follow();
  host.write({ [conf]: http(2, '/var/log/b.log') });
  expect(poll()).toBe(true);
  expect(state()).toEqual({ now: '1', pending: '2', previous: null, new: ['/var/log/b.log'] });
  expect(poll()).toBe(false);
  host.nginx({ pid: 100, title: 'nginx: master process nginx', workers: { 101: 10, 102: 10, 103: 20 } });
  expect(poll()).toBe(false);
  host.write({
    '/var/log/b.log': 'written by the new workers\n',
    '/proc/101/cmdline': 'nginx: worker process is shutting down\0',
    '/proc/102/cmdline': 'nginx: worker process is shutting down\0',
  });
  expect(poll()).toBe(true);
  expect(state()).toEqual({ now: '2', pending: null, previous: '2', new: ['/var/log/b.log'] });
  expect(reads()).toBe(2);
  expect(poll(59_000)).toBe(false);
  expect(poll()).toBe(true);
  expect(state()).toMatchObject({ now: '2', previous: null });
});

test('a log that existed before is no new log', async () => {
  const { host, poll, state } = await follow();
  host.write({ [conf]: http(2, '/var/log/old.log') });
  poll();
  host.nginx({ pid: 100, title: 'nginx: master process nginx', workers: { 103: 20 } });
  expect(poll()).toBe(true);
  expect(state()).toMatchObject({ now: '2', new: [] });
});

test('a worker that crashed and was replaced is no reload', async () => {
  const { host, poll, state } = await follow();
  host.write({ [conf]: http(2, '/var/log/a.log') });
  poll();
  host.nginx({ pid: 100, title: 'nginx: master process nginx', workers: { 101: 10, 104: 30 } });
  expect(poll()).toBe(false);
  expect(state()).toMatchObject({ now: '1', pending: '2' });
});

test('a change that is taken back is forgotten', async () => {
  const { host, poll, state } = await follow();
  host.write({ '/etc/nginx/x': '' });
  const before = http(1, '/var/log/a.log');
  host.write({ [conf]: `${before}\n}` });
  expect(poll()).toBe(true);
  expect(state()).toMatchObject({ pending: '1' });
  host.nginx({ pid: 100, title: 'nginx: master process nginx', workers: { 201: 40, 202: 40 } });
  expect(poll()).toBe(true);
  expect(state()).toMatchObject({ now: '1', pending: null });
});

test('while nginx does not run, what is written is what will be in force', async () => {
  const { host, poll, state } = await follow();
  host.write({ '/proc/100': null, '/proc/101': null, '/proc/102': null });
  poll();
  host.write({ [conf]: http(3, '/var/log/a.log') });
  expect(poll()).toBe(true);
  expect(state()).toMatchObject({ now: '3', pending: null });
});
