/** `docker exec netdata nginx-upstream check` sees what the plugin was given, and believes nobody else. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { asOnHost } from '../../collector/discover/find/host-path.ts';
import { commandVariables, runningPluginVariables } from '../../collector/netdata/plugin-environment.ts';
import { nodeFileSystem as fs } from '../../collector/system/fs.ts';
import { tempDir } from '../support/temp.ts';

const uid = process.getuid?.() ?? 0;
const environ = 'PATH=/bin\0NETDATA_LIB_DIR=/var/lib/netdata\0NETDATA_USER_CONFIG_DIR=/etc/netdata\0SECRET=1\0';
const told = { NETDATA_LIB_DIR: '/var/lib/netdata', NETDATA_USER_CONFIG_DIR: '/etc/netdata' };

const table: Readonly<Record<string, readonly [cmdline: string, environ: string, trusted: number, object]>> = {
  'by its own name': ['/p/nginx-upstream.plugin\x001\0', environ, uid, told],
  'by node': ['/usr/bin/node\0/p/nginx-upstream.plugin\x005\0', environ, uid, told],
  "another user's process of that name": ['/p/nginx-upstream.plugin\x001\0', environ, uid + 1, {}],
  'a command of the same file': ['node\0/p/nginx-upstream.plugin\0check\0', environ, uid, {}],
  'an editor that has it open': ['vi\0/p/nginx-upstream.plugin\0', environ, uid, {}],
  'a plugin that was given nothing': ['/p/nginx-upstream.plugin\x001\0', 'PATH=/bin\0', uid, {}],
};

test.each(Object.entries(table))('%s', (_, [cmdline, text, trusted, expected]) => {
  const proc = tempDir('proc');
  mkdirSync(join(proc, '42'));
  mkdirSync(join(proc, 'sys'));
  writeFileSync(join(proc, '42/cmdline'), cmdline);
  writeFileSync(join(proc, '42/environ'), text);
  expect(runningPluginVariables(fs, proc, new Set([trusted]))).toEqual(expected);
});

test("what the shell says of Netdata's folders comes first, and then nobody is asked", () => {
  const own = { NETDATA_LIB_DIR: '/mine' };
  expect(
    commandVariables(own, () => {
      throw new Error('asked');
    }),
  ).toEqual(own);
  expect(commandVariables({ HOME: '/', NETDATA_HOST_PREFIX: '/h' }, () => told)).toEqual({
    ...told,
    HOME: '/',
    NETDATA_HOST_PREFIX: '/h',
  });
});

test.each([
  ['setfacl -m u:5:x /host/root/var/lib/docker', '/host/root', 'setfacl -m u:5:x /var/lib/docker'],
  ['/host/root/a and /host/root/b', '/host/root', '/a and /b'],
  ['/host/rooted/a', '/host/root', '/host/rooted/a'],
  ['/host/root', '/host/root', '/host/root'],
  ['/var/log', '', '/var/log'],
])('%s beneath "%s"', (text, prefix, expected) => {
  expect(asOnHost(text, prefix)).toBe(expected);
});
