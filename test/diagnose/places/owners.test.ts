import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { DiagnosePorts } from '../../../collector/diagnose/facts/ports.ts';
import { createOwners } from '../../../collector/diagnose/places/owners.ts';
import { attempt, nodeFileSystem as fs } from '../../../collector/system/fs.ts';
import { tempDir } from '../../support/temp.ts';

interface Fake {
  readonly pid: number;
  readonly title: string;
  readonly uid: number;
  readonly parent?: number;
  /** The socket that it holds. */
  readonly inode?: number;
  readonly isHidden?: boolean;
}

function ownersOf(processes: readonly Fake[]) {
  const procRoot = join(tempDir('owners'), 'proc');
  for (const { pid, title, uid, parent = 1, inode, isHidden = false } of processes) {
    const folder = join(procRoot, String(pid));
    mkdirSync(isHidden ? folder : join(folder, 'fd'), { recursive: true });
    if (isHidden) writeFileSync(join(folder, 'fd'), '');
    writeFileSync(join(folder, 'cmdline'), `${title}\0`);
    writeFileSync(join(folder, 'status'), `Name:\tx\nPPid:\t${parent}\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n`);
    if (inode !== undefined) symlinkSync(`socket:[${inode}]`, join(folder, 'fd/3'));
  }
  const proc = {
    text(path: string): string | null {
      const text = attempt(() => readFileSync(join(procRoot, path), 'utf8'));
      return text.ok ? text.value : null;
    },
  };
  const ports = { fs, proc, procRoot, userName: String } as unknown as DiagnosePorts;
  return createOwners({ pids: processes.map(({ pid }) => pid) }, ports);
}

const master = 'nginx: master process /usr/sbin/nginx';
const worker = 'nginx: worker process';

test.each<[string, readonly Fake[], number | null, boolean]>([
  ["root's master", [{ pid: 10, title: master, uid: 0, inode: 5 }], 0, true],
  [
    'a worker whose pid is before its master',
    [
      { pid: 9, title: worker, uid: 33, parent: 10, inode: 5 },
      { pid: 10, title: master, uid: 0 },
    ],
    0,
    true,
  ],
  ['the master of the user whose nginx it is', [{ pid: 10, title: master, uid: 1000, inode: 5 }], 1000, true],
  ['a user who calls a process nginx', [{ pid: 10, title: master, uid: 1000, inode: 5 }], 0, false],
  ['the same where no master is known', [{ pid: 10, title: master, uid: 1000, inode: 5 }], null, false],
  [
    'a family of a user that calls itself nginx',
    [
      { pid: 9, title: worker, uid: 1000, parent: 10, inode: 5 },
      { pid: 10, title: master, uid: 1000 },
    ],
    0,
    false,
  ],
  [
    "a user's worker whose parent is root's shell",
    [
      { pid: 9, title: worker, uid: 1000, parent: 10, inode: 5 },
      { pid: 10, title: 'bash', uid: 0 },
    ],
    0,
    false,
  ],
  ['another program of root', [{ pid: 10, title: 'haproxy', uid: 0, inode: 5 }], 0, false],
  ['nobody', [{ pid: 10, title: master, uid: 0 }], 0, false],
])("whether a listener is nginx's own, so that it is no evidence: %s", (_, processes, masterUid, expected) => {
  expect(ownersOf(processes).isNginx(5, masterUid)).toBe(expected);
});

/** Whose descriptors may not be seen: the folder is a file here. */
function guessOf(processes: readonly Fake[], port: number): number | null {
  const hidden = processes.map((each) => ({ ...each, isHidden: true }));
  return ownersOf(hidden).ownerOf(0, 1, { port }).pid;
}

const proxy = (more: string) => `/usr/sbin/docker-proxy -proto tcp ${more}`.replaceAll(' ', '\0');

test.each<[string, readonly [string, ...string[]], number | null]>([
  [
    'an application beside a container that has the same port inside',
    ['node\0server.js', proxy('-host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 3000')],
    null,
  ],
  [
    'a container that is published over IPv4 and IPv6, from its address',
    [
      proxy('-host-ip 0.0.0.0 -host-port 3000 -container-ip 172.17.0.2 -container-port 80'),
      proxy('-host-ip :: -host-port 3000 -container-ip 172.17.0.2 -container-port 80'),
    ],
    10,
  ],
  [
    'a container in a network of both families',
    [
      proxy('-host-ip 0.0.0.0 -host-port 3000 -container-ip 172.17.0.2 -container-port 80'),
      proxy('-host-ip :: -host-port 3000 -container-ip fd00::2 -container-port 80'),
    ],
    10,
  ],
  ['a person who starts something in a container', ['podman\0exec\0app\0serve\0--port\x003000'], null],
  [
    'two containers, each on one address of the host',
    [
      proxy('-host-ip 127.0.0.1 -host-port 3000 -container-ip 172.17.0.2 -container-port 80'),
      proxy('-host-ip 10.0.0.1 -host-port 3000 -container-ip 172.17.0.3 -container-port 80'),
    ],
    null,
  ],
])("whose port it is, where root's descriptors may not be seen: %s", (_, titles, pid) => {
  expect(
    guessOf(
      titles.map((title, at) => ({ pid: 10 + at, title, uid: 0, parent: 5 })),
      3000,
    ),
  ).toBe(pid);
});
