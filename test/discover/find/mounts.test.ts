/** Whether a path means one file to two processes. */
import { expect, test } from 'vitest';
import { parseMounts, sameFile } from '../../../collector/discover/find/mounts.ts';

const host = parseMounts(`1 0 8:1 / / rw - ext4 /dev/sda1 rw
2 1 0:20 / /run rw - tmpfs tmpfs rw
`);
const privateTmp = parseMounts(`1 0 8:1 / / rw - ext4 /dev/sda1 rw
2 1 0:20 / /run rw - tmpfs tmpfs rw
3 1 8:1 /tmp/systemd-private-1/tmp /tmp rw - ext4 /dev/sda1 rw
4 1 8:1 /usr /usr ro - ext4 /dev/sda1 rw
`);
const container = parseMounts(`1 0 0:50 / / rw - overlay overlay rw,upperdir=/u
2 1 8:1 /etc/nginx /etc/nginx rw - ext4 /dev/sda1 rw
3 1 0:20 /app /run/app rw - tmpfs tmpfs rw
`);

test.each([
  ['a service with its own /tmp: its /tmp', privateTmp, '/tmp/x.sock', false],
  ['a service with its own /tmp: the rest', privateTmp, '/run/x.sock', true],
  ['a folder mounted upon itself', privateTmp, '/usr/x', true],
  ['a container: its own files', container, '/run/x.sock', false],
  ['a container: a folder mounted at the same path', container, '/etc/nginx/nginx.conf', true],
  ['a container: a volume', container, '/run/app/x.sock', true],
  ['mounts that could not be read', [], '/tmp/x.sock', true],
])('%s', (_, mounts, path, expected) => {
  expect(sameFile(host, mounts, path)).toBe(expected);
});
