import { describe, expect, test } from 'vitest';
import { monitorOf, parseMonitor } from '../../../collector/parse/proc/conmon.ts';

const id = '0123456789ab'.padEnd(64, 'c');
const line = (...words: readonly string[]): string => `${words.join('\0')}\0`;
const start = ['/usr/bin/conmon', '--api-version', '1', '-c', id, '-u', id, '-r', '/usr/bin/crun', '-b', '/x', '-n'];

const lines: Readonly<Record<string, readonly [string, unknown]>> = {
  'k8s-file': [
    line(...start, 'web', '--exit-dir', '/run', '-l', 'k8s-file:/var/lib/x/ctr.log', '--log-level', 'warning'),
    { name: 'web', log: '/var/lib/x/ctr.log', isJournal: false },
  ],
  'k8s-file with --log-opt path': [
    line(...start, 'web', '-l', 'k8s-file:/var/log/web.log'),
    { name: 'web', log: '/var/log/web.log', isJournal: false },
  ],
  'journald, the default': [line(...start, 'web', '-l', 'journald'), { name: 'web', log: null, isJournal: true }],
  'none and passthrough': [line(...start, 'web', '-l', 'passthrough'), { name: 'web', log: null, isJournal: false }],
  'CRI-O: a path without a driver': [
    line('/usr/libexec/crio/conmon', '--cid', id, '--log-path', '/var/log/pods/x/0.log'),
    { name: null, log: '/var/log/pods/x/0.log', isJournal: false },
  ],
  'a name that no engine gives': [line(...start, '$(x)', '-l', 'journald'), { name: null, log: null, isJournal: true }],
  "another container's": [line('/usr/bin/conmon', '-c', 'f'.repeat(64), '-l', 'journald'), null],
  'another program': [line('/usr/bin/containerd-shim-runc-v2', '-c', id, '-l', 'journald'), null],
  'a program with such an argument': [line('node', '/usr/bin/conmon', '-c', id), null],
  nothing: ['', null],
};

test.each(Object.entries(lines))('%s', (_, [cmdline, expected]) => {
  expect(parseMonitor(cmdline, id.slice(0, 12))).toEqual(expected);
});

describe('the conmon above a process', () => {
  const conmon = line(...start, 'web', '-l', 'journald');
  const inside = `0::/machine.slice/libpod-${id}.scope/container`;
  const outside = `0::/machine.slice/libpod-conmon-${id}.scope`;
  type Process = readonly [parent: number, cmdline: string, cgroup: string];
  const shell: Process = [10, 'sh', inside];
  const told: Readonly<Record<string, readonly [Readonly<Record<number, Process>>, string | null]>> = {
    'is its parent': [{ 30: [10, 'nginx', inside], 10: [1, conmon, outside] }, 'web'],
    'stands above its shell': [{ 30: [20, 'nginx', inside], 20: shell, 10: [1, conmon, outside] }, 'web'],
    'is none that runs in a container': [{ 30: [10, 'nginx', inside], 10: [1, conmon, inside] }, null],
    'has ended': [{ 30: [1, 'nginx', inside] }, null],
    'cannot be seen': [{}, null],
    'is not found in a circle': [{ 30: [20, 'nginx', inside], 20: [30, 'sh', inside] }, null],
  };

  test.each(Object.entries(told))('%s', (_, [processes, name]) => {
    const text = (path: string): string | null => {
      const [pid = '', file] = path.split('/');
      const [parent, cmdline, cgroup] = processes[Number(pid)] ?? [0, '', ''];
      return { status: `Name:\tx\nPPid:\t${parent}\n`, cmdline, cgroup }[file ?? ''] ?? null;
    };
    expect(monitorOf(30, id, text)?.name ?? null).toBe(name);
  });
});
