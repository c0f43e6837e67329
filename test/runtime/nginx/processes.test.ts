import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createLiveProcesses } from '../../../collector/runtime/nginx/processes.ts';
import { type FileSystem, nodeFileSystem } from '../../../collector/system/fs.ts';
import { createProcfs } from '../../../collector/system/process/procfs.ts';
import { tempDir } from '../../support/temp.ts';

interface Fake {
  readonly title: string;
  readonly parent?: number;
  readonly children?: string;
  readonly uid?: number;
  readonly limit?: string;
  /** What it calls itself. */
  readonly logPid?: number;
}

/** A /proc with these processes. */
function proc(processes: Readonly<Record<number, Fake>>) {
  const root = tempDir('proc');
  const put = (pid: number, { title, parent = 1, children, uid = 33, limit = '1024', logPid = 7 }: Fake) => {
    const dir = join(root, String(pid));
    mkdirSync(join(dir, 'fd'), { recursive: true });
    mkdirSync(join(dir, 'net'), { recursive: true });
    writeFileSync(join(dir, 'cmdline'), `${title}\0\0`);
    writeFileSync(join(dir, 'net/tcp'), '');
    writeFileSync(join(dir, 'limits'), `Max open files            ${limit}      4096       files     \n`);
    const ids = `PPid:\t${parent}\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n`;
    writeFileSync(join(dir, 'status'), `Name:\tnginx\n${ids}NSpid:\t${pid}\t${logPid}\nvoluntary_ctxt_switches:\t5\n`);
    if (children === undefined) return;
    mkdirSync(join(dir, `task/${pid}`), { recursive: true });
    writeFileSync(join(dir, `task/${pid}/children`), children);
  };
  for (const [pid, fake] of Object.entries(processes)) put(Number(pid), fake);
  return { root, put, end: (pid: number) => rmSync(join(root, String(pid)), { recursive: true }) };
}

function open(root: string, mainPid: () => number | null = () => 10) {
  const processes = createLiveProcesses(createProcfs(nodeFileSystem, root), mainPid);
  return () =>
    processes.look(0).map(({ pid, workers }) => ({
      pid,
      workers: workers.map((worker) => `${worker.pid}${worker.shuttingDown ? ' shutting down' : ''}`),
    }));
}

const master = { title: 'nginx: master process nginx -c /etc/nginx/nginx.conf', uid: 0 };
const worker = { title: 'nginx: worker process', parent: 10 };

test('masters with their workers, old ones and helpers distinguished', () => {
  const { root } = proc({
    1: { title: '/sbin/init' },
    10: { ...master, children: '11 12 13 14 ' },
    11: worker,
    12: { ...worker, title: 'nginx: worker process is shutting down' },
    13: { ...worker, title: 'nginx: cache manager process' },
    14: { ...worker, title: 'nginx: master process nginx -c /etc/nginx/nginx.conf' },
  });
  expect(open(root)()).toEqual([{ pid: 10, workers: ['11', '12 shutting down'] }]);
});

test('a kernel that does not list children', () => {
  const { root } = proc({ 10: master, 11: worker, 12: worker, 30: { ...worker, parent: 29 } });
  expect(open(root)()).toEqual([{ pid: 10, workers: ['11', '12'] }]);
});

test('a binary upgrade: the old master, both, the new one alone', () => {
  const { root, put, end } = proc({ 10: { ...master, children: '11' }, 11: worker });
  const look = open(root);
  expect(look()).toEqual([{ pid: 10, workers: ['11'] }]);
  put(10, { ...master, children: '11 20' });
  put(20, { ...master, parent: 10, children: '21' });
  put(21, { ...worker, parent: 20 });
  expect(look()).toEqual([
    { pid: 10, workers: ['11'] },
    { pid: 20, workers: ['21'] },
  ]);
  end(10);
  expect(look()).toEqual([{ pid: 20, workers: ['21'] }]);
});

test('none, one that is discovered, one that goes, another that is discovered', () => {
  const { root, put, end } = proc({ 1: { title: 'init' } });
  let pid: number | null = null;
  const look = open(root, () => pid);
  expect(look()).toEqual([]);
  put(10, { ...master, children: '11' });
  put(11, worker);
  pid = 10;
  expect(look()).toEqual([{ pid: 10, workers: ['11'] }]);
  end(10);
  expect(look()).toEqual([]);
  put(30, { ...master, children: '31' });
  put(31, { ...worker, parent: 30 });
  pid = 30;
  expect(look()).toEqual([{ pid: 30, workers: ['31'] }]);
});

test('a pid that another program has taken, a /proc that is not there, a worker that ends while it is read', () => {
  expect(open('/nowhere')()).toEqual([]);
  expect(open(proc({ 10: { title: 'vim\0nginx: master process' } }).root)()).toEqual([]);
  const { root } = proc({ 10: { ...master, children: '11 12' }, 11: worker });
  expect(open(root)()).toEqual([{ pid: 10, workers: ['11'] }]);
});

test('owner, limit and descriptors; 0 descriptors where the kernel does not show it', () => {
  const { root } = proc({ 10: { ...master, children: '11' }, 11: { ...worker, limit: '24  ' } });
  const before62: FileSystem = { ...nodeFileSystem, stat: (path) => ({ ...nodeFileSystem.stat(path), size: 0 }) };
  const processes = createLiveProcesses(createProcfs(before62, root), () => 10);
  expect(processes.look(1)[0]?.workers).toEqual([
    { pid: 11, innerPid: 7, shuttingDown: false, uid: 33, limit: 24, openFiles: 0 },
  ]);
});

test('the pids of their error log: the master, workers, old ones and helpers, by the names they have for themselves', () => {
  const { root, put, end } = proc({
    10: { ...master, children: '11 12 13' },
    11: { ...worker, logPid: 107 },
    12: { ...worker, title: 'nginx: worker process is shutting down', logPid: 108 },
    13: { ...worker, title: 'nginx: cache manager process', logPid: 109 },
  });
  const processes = createLiveProcesses(createProcfs(nodeFileSystem, root), () => 10);
  const pids = () => processes.look(0).map(({ logPids }) => logPids);
  expect(pids()).toEqual([[7, 107, 108, 109]]);
  end(13);
  put(10, { ...master, children: '11 12' });
  expect(pids()).toEqual([[7, 107, 108]]);
  put(13, { ...worker, title: 'nginx: cache manager process', logPid: 110 });
  put(10, { ...master, children: '11 12 13' });
  expect(pids()).toEqual([[7, 107, 108, 110]]);
});
