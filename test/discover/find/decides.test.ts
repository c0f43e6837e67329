import { chownSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Starter, starterOf } from '../../../collector/discover/find/decides.ts';
import { type FoundHere, findNginx, procOf } from '../../../collector/discover/find/find-nginx.ts';
import { parseMounts } from '../../../collector/discover/find/mounts.ts';
import { findMasters } from '../../../collector/discover/find/processes.ts';
import { readTold } from '../../../collector/discover/follow/read-nginx.ts';
import { nodeFileSystem } from '../../../collector/system/fs.ts';
import { type HostTree, hostMounts, hostTree } from '../host-tree.ts';

const id = '0123456789ab'.padEnd(64, 'c');
const service = '0::/system.slice/nginx.service';
const login = '0::/user.slice/user-1000.slice/session-3.scope';
const docker = `0::/system.slice/docker-${id}.scope`;

interface Case {
  readonly uids: string;
  readonly gids?: string;
  readonly cgroup?: string;
  readonly isContained?: boolean;
  readonly ownUid?: number;
  readonly expected: Starter;
}

const cases: Readonly<Record<string, Case>> = {
  'a master of root': { uids: '0 0 0 0', expected: 'root' },
  'root in a container': { uids: '0 0 0 0', cgroup: docker, isContained: true, expected: 'root' },
  'an ordinary user': { uids: '1000 1000 1000 1000', gids: '1000 1000 1000 1000', cgroup: login, expected: 'user' },
  'su, started by anybody under a title of nginx': {
    uids: '1000 0 0 0',
    gids: '1000 1000 1000 1000',
    expected: 'user',
  },
  'sudo, which has made itself root and asks for a password': {
    uids: '0 0 0 0',
    gids: '1000 1000 1000 1000',
    expected: 'user',
  },
  'a set-group-ID program of group root': { uids: '1000 1000 1000 1000', gids: '1000 0 0 0', expected: 'user' },
  'the user we run as': { uids: '33 33 33 33', gids: '33 33 33 33', ownUid: 33, expected: 'self' },
  'the user we run as, in part': { uids: '1000 33 33 33', gids: '33 33 33 33', ownUid: 33, expected: 'user' },
  'an image whose nginx is not root': {
    uids: '101 101 101 101',
    gids: '101 101 101 101',
    cgroup: docker,
    isContained: true,
    expected: 'engine',
  },
  'the same in Kubernetes': {
    uids: '101 101 101 101',
    cgroup: `0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-${id}.scope`,
    isContained: true,
    expected: 'engine',
  },
  'docker with user namespaces': {
    uids: '100000 100000 100000 100000',
    cgroup: docker,
    isContained: true,
    expected: 'engine',
  },
  "a user's own podman": {
    uids: '1000 1000 1000 1000',
    cgroup: `0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${id}.scope`,
    isContained: true,
    expected: 'user',
  },
  'a user whose cgroup bears the name of a container': {
    uids: '1000 1000 1000 1000',
    cgroup: `0::/user.slice/user-1000.slice/user@1000.service/docker-${id}.scope`,
    isContained: true,
    expected: 'user',
  },
  'unshare -Ur, with a private root': {
    uids: '1000 1000 1000 1000',
    cgroup: login,
    isContained: true,
    expected: 'user',
  },
  "an engine's cgroup on our own root": { uids: '101 101 101 101', cgroup: docker, expected: 'user' },
};

test.each(Object.entries(cases))('who decides: %s', (_, { uids, gids = uids, cgroup = service, ...more }) => {
  const status = `Name:\tnginx\nUid:\t${uids.replaceAll(' ', '\t')}\nGid:\t${gids.replaceAll(' ', '\t')}\n`;
  expect(starterOf(status, cgroup, more.isContained ?? false, more.ownUid ?? 201)).toBe(more.expected);
});

test('who decides: nobody, when the process is gone', () => {
  expect(starterOf('', '', false, 201)).toBe('user');
});

describe("the name of a container's group counts where root owns the group above it", () => {
  const mounts = '50 40 0:60 / / rw - overlay overlay rw\n';
  /** The group above belongs to this user. */
  const startedIn = (cgroup: string, owner: (group: string) => number | null): Starter | undefined => {
    const host = hostTree();
    host.nginx({ pid: 7, uid: 101, title: 'nginx: master process nginx', workers: {}, mountinfo: mounts, cgroup });
    const proc = procOf({ fs: nodeFileSystem, hostPrefix: host.prefix });
    const reference = parseMounts(hostMounts);
    return findMasters({ proc, reference, ownUid: 201, groupOwner: owner })[0]?.startedBy;
  };
  const ofUser = (group: string): number => (group.includes('app.service') ? 1000 : 0);

  test.each<[string, string, Starter]>([
    ['docker', docker, 'engine'],
    ['docker without systemd', `0::/docker/${id}`, 'engine'],
    ["root's own quadlet", `0::/system.slice/web.service/libpod-payload-${id}`, 'engine'],
    ['nothing above it', `0::/${id}`, 'engine'],
    ['the old hierarchies', `5:cpu:/docker/${id}\n1:name=systemd:/docker/${id}`, 'engine'],
    ["a unit that is a user's", `0::/system.slice/app.service/docker-${id}.scope`, 'user'],
    ['below one', `0::/system.slice/app.service/system.slice/docker-${id}.scope`, 'user'],
    ['below one, in the old hierarchies', `1:name=systemd:/system.slice/app.service/docker/${id}`, 'user'],
    ["inside another container's", `0::/system.slice/app.service/${id}/docker/${id}`, 'user'],
  ])('%s', (_, cgroup, expected) => {
    expect(startedIn(cgroup, ofUser)).toBe(expected);
  });

  test('where the owner is not to be seen, the name counts', () => {
    expect(startedIn(`0::/system.slice/app.service/docker-${id}.scope`, () => null)).toBe('engine');
  });

  test('the owner is that of the folder in /sys/fs/cgroup', () => {
    const above = '/sys/fs/cgroup/system.slice/app.service';
    const host = hostTree({ [`${above}/cgroup.procs`]: '7' });
    const cgroup = `0::/system.slice/app.service/docker-${id}.scope`;
    host.nginx({ pid: 7, uid: 101, title: 'nginx: master process nginx', workers: {}, mountinfo: mounts, cgroup });
    if (process.getuid?.() === 0) chownSync(join(host.prefix, above), 1000, 1000);
    expect(look(host).others.map(({ pid, startedBy }) => [pid, startedBy])).toEqual([[7, 'user']]);
  });
});

const conf = (port: number): string => `http { server { location / { proxy_pass http://127.0.0.1:${port}; } } }`;
const told = '/srv/app/nginx.conf';

function look(host: HostTree): FoundHere {
  return findNginx({ fs: nodeFileSystem, hostPrefix: host.prefix, ownUid: 201 });
}

describe('a master of an ordinary user', () => {
  /** Tests run as one user: it owns the files that they write. */
  const mine = process.getuid?.() ?? 0;
  const owner = mine === 0 ? 1000 : mine;

  function tree(): HostTree {
    const host = hostTree({ [told]: conf(1), '/srv/evil.conf': conf(2), '/etc/nginx/nginx.conf': conf(3) });
    if (mine === 0) chownSync(join(host.prefix, told), owner, owner);
    expect(statSync(join(host.prefix, told)).uid).toBe(owner);
    return host;
  }

  const title = `nginx: master process nginx -c ${told}`;

  test('is not followed, and what root has installed is not forgotten for it', () => {
    const host = tree();
    host.nginx({ pid: 700, uid: owner, title, workers: {} });
    const { running, others } = look(host);
    expect(running.map(({ master, confPath }) => [master, confPath])).toEqual([[null, '/etc/nginx/nginx.conf']]);
    expect(others.map(({ pid }) => pid)).toEqual([700]);
  });

  test('is followed when nginx-upstream.conf names its main file', () => {
    const host = tree();
    host.nginx({ pid: 700, uid: owner, title: `${title} -g error_log /srv/e.log;`, workers: {} });
    const { found } = readTold(told, look(host).named, nodeFileSystem, host.prefix);
    expect([found.master?.pid, found.commandLine]).toEqual([700, 'error_log /srv/e.log;']);
  });

  test('of somebody else, who names the same file: only its owner is believed', () => {
    const host = tree();
    host.nginx({ pid: 600, uid: 4242, title: `${title} -p /srv/evil -g include /srv/evil.conf;`, workers: {} });
    host.nginx({ pid: 700, uid: owner, title, workers: {} });
    expect(look(host).named(told)?.master?.pid).toBe(700);
  });

  test('of somebody else alone: its process is seen, and nothing else of its title is used', () => {
    const host = tree();
    host.nginx({ pid: 600, uid: 4242, title: `${title} -p /srv/evil -g include /srv/evil.conf;`, workers: {} });
    const found = look(host).named(told);
    expect([found?.commandLine, found?.defaults.prefix, found?.confPath]).toEqual([null, '/etc/nginx', told]);
  });

  test('of two others: nobody can know which', () => {
    const host = tree();
    host.nginx({ pid: 600, uid: 4242, title, workers: {} });
    host.nginx({ pid: 601, uid: 4243, title, workers: {} });
    expect(look(host).named(told)).toBeNull();
  });
});

describe("a process of root under nginx's title", () => {
  const title = `nginx: master process nginx -c ${told}`;

  test('whose program is another one is not nginx', () => {
    const host = hostTree({ [told]: conf(1), '/proc/700/exe': '\x7fELF some other program\0' });
    host.nginx({ pid: 700, title, workers: {} });
    expect(look(host).running).toEqual([]);
  });

  test('says what it was built with by the file that the kernel runs, whatever path the title has', () => {
    const build = (version: string): string => `nginx version: ${version}\0configure arguments: --prefix=/real\0`;
    const host = hostTree({
      '/proc/700/exe': build('nginx/1.28.0'),
      '/tmp/nginx': build('nginx/6.6.6'),
      '/real/conf/nginx.conf': conf(1),
    });
    host.nginx({ pid: 700, title: 'nginx: master process /tmp/nginx', workers: {} });
    expect(look(host).running).toMatchObject([{ version: 'nginx/1.28.0', confPath: '/real/conf/nginx.conf' }]);
  });
});

test('a container full of masters: as many as are followed at all', () => {
  const host = hostTree();
  for (let pid = 1000; pid < 1080; pid += 1) {
    host.nginx({ pid, title: `nginx: master process nginx -c /${pid}.conf`, workers: {} });
  }
  expect(look(host).running).toHaveLength(50);
});

test('a process of our container is not of an engine, whatever root it has made for itself', () => {
  const host = hostTree({ '/etc/nginx/nginx.conf': conf(1) });
  const elsewhere = '22 1 8:1 /home/x/root / rw - ext4 /dev/sda1 rw\n';
  const hostile = {
    title: 'nginx: master process nginx -c /etc/passwd',
    workers: {},
    uid: 1000,
    mountinfo: elsewhere,
  };
  host.nginx({ pid: 100, ...hostile, cgroup: docker });
  host.nginx({ pid: 200, ...hostile, cgroup: docker.replace(id, id.replace('0', 'f')) });
  const followed = () => look(host).running.map(({ master }) => master?.pid ?? null);
  expect(followed()).toEqual([100, 200]);
  host.write({ '/proc/self/cgroup': docker });
  expect(followed()).toEqual([200]);
  expect(look(host).others.map(({ pid }) => pid)).toEqual([100]);
});

test.each(['cmdline', 'mountinfo'])('no more of a %s is read than an nginx can need', (name) => {
  const host = hostTree({ '/etc/nginx/nginx.conf': conf(1) });
  host.nginx({ pid: 100, title: `nginx: master process nginx ${'a'.repeat(3_000_000)}`, workers: {}, uid: 1000 });
  host.write({ '/proc/100/mountinfo': '22 1 8:1 / / rw - ext4 /dev/sda1 rw\n'.repeat(100_000) });
  const open = new Map<number, string>();
  let bytes = 0;
  const fs = {
    ...nodeFileSystem,
    open(path: string) {
      const fd = nodeFileSystem.open(path);
      open.set(fd, path);
      return fd;
    },
    read(...args: Parameters<typeof nodeFileSystem.read>) {
      const got = nodeFileSystem.read(...args);
      if (open.get(args[0])?.endsWith(`/100/${name}`)) bytes += got;
      return got;
    },
  };
  expect(findNginx({ fs, hostPrefix: host.prefix, ownUid: 201 }).others).toHaveLength(1);
  expect(bytes).toBeGreaterThan(1_000);
  expect(bytes).toBeLessThan(600_000);
});
