import { expect, test } from 'vitest';
import { containerOf, runtimeOf, toRuntime, unitOf } from '../../../collector/parse/proc/cgroup.ts';
import { arpNeighbours, oomKills } from '../../../collector/parse/proc/counters.ts';

const id = 'a'.repeat(64);

test.each([
  ['cgroup 2', '0::/system.slice/app.service\n', { unit: 'app.service', user: null }],
  ['below the unit', '0::/system.slice/app.service/worker\n', { unit: 'app.service', user: null }],
  ['a template', '0::/system.slice/system-app.slice/app@3000.service\n', { unit: 'app@3000.service', user: null }],
  [
    'hybrid',
    '4:memory:/system.slice\n1:name=systemd:/system.slice/php8.2-fpm.service\n0::/\n',
    { unit: 'php8.2-fpm.service', user: null },
  ],
  [
    'hybrid, in a machine of systemd-nspawn',
    '9:name=systemd:/payload/system.slice/app.service\n8:pids:/\n0::/payload\n',
    { unit: 'app.service', user: null },
  ],
  [
    'a user’s own service',
    '0::/user.slice/user-1000.slice/user@1000.service/app.slice/my.service\n',
    { unit: 'my.service', user: 1000 },
  ],
  ['a login', '0::/user.slice/user-0.slice/session-3.scope\n', null],
  ['a container', `0::/system.slice/docker-${id}.scope\n`, null],
  ['no systemd', '0::/\n', null],
  ['a name that is none', '0::/system.slice/$(reboot).service\n', null],
  ['nothing', '', null],
])('the unit of a process: %s', (_, text, expected) => {
  expect(unitOf(text)).toEqual(expected);
});

test('the container of a process', () => {
  expect([containerOf(`0::/system.slice/docker-${id}.scope`), containerOf('0::/')]).toEqual([id.slice(0, 12), null]);
});

test.each([
  ['docker by systemd', `0::/system.slice/docker-${id}.scope`, 'docker'],
  ['docker alone', `4:memory:/docker/${id}\n0::/`, 'docker'],
  ['podman', `0::/machine.slice/libpod-${id}.scope/container`, 'podman'],
  ['podman of a user', `0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${id}.scope`, 'podman'],
  ['containerd in a pod', `0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-${id}.scope`, 'crictl'],
  ['containerd, no systemd', `0::/system.slice/kubepods-pod1.slice:cri-containerd:${id}`, 'crictl'],
  ['CRI-O', `0::/kubepods.slice/kubepods-pod1.slice/crio-${id}.scope`, 'crictl'],
  ['a pod, by cgroupfs', `0::/kubepods/burstable/pod1/${id}`, 'crictl'],
  ['docker in a pod', `0::/kubepods.slice/kubepods-pod1.slice/docker-${id}.scope`, 'docker'],
  ['LXC', '0::/lxc.payload.web/init.scope', null],
  ['a service', '0::/system.slice/docker.service', null],
  ['nothing', '', null],
])('what a container is spoken to with: %s', (_, text, expected) => {
  expect(runtimeOf(text)).toBe(expected);
});

test('only names of runtimes are read back', () => {
  expect(['docker', 'podman', 'crictl', 'rm -rf', 7, null].map(toRuntime)).toEqual([
    'docker',
    'podman',
    'crictl',
    null,
    null,
    null,
  ]);
});

test('ARP: who has answered, who has not', () => {
  const text = `IP address       HW type     Flags       HW address            Mask     Device
10.77.0.2        0x1         0x2         aa:bb:cc:dd:ee:ff     *        wire
10.77.0.99       0x1         0x0         00:00:00:00:00:00     *        wire
nonsense
`;
  expect([...arpNeighbours(text)]).toEqual([
    ['10.77.0.2', true],
    ['10.77.0.99', false],
  ]);
});

test('OOM kills', () => {
  expect([oomKills('nr_free 1\noom_kill 12\nx 3\n'), oomKills('')]).toEqual([12, null]);
});
