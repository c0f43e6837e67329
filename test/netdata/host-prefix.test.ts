import { expect, test } from 'vitest';
import { readEnvironment } from '../../collector/netdata/environment.ts';

test.each<[string, string | undefined, readonly string[], string]>([
  ['on the host itself', undefined, [], ''],
  ["in Netdata's image, as it is started", '/host', ['/host/root/proc/1/status', '/host/root/etc'], '/host/root'],
  [
    'the same, where Netdata drops its variable',
    undefined,
    ['/host/root/proc/1/status', '/host/root/etc'],
    '/host/root',
  ],
  ['files mounted one by one below the prefix', '/host', ['/host/proc/1/status'], '/host'],
  ['a prefix with a slash at its end', '/hostfs/', [], '/hostfs'],
  ['another prefix with the entire root below it', '/h', ['/h/root/proc/1/status', '/h/root/etc'], '/h/root'],
  ['a folder that only bears the name', undefined, ['/host/root/etc'], ''],
])('where the host is: %s', (_, told, paths, expected) => {
  const env = told === undefined ? {} : { NETDATA_HOST_PREFIX: told };
  expect(readEnvironment(env, (path) => paths.includes(path)).hostPrefix).toBe(expected);
});
