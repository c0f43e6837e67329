/** docs/examples/roll-out.sh: which host is touched, what is said of it, and the exit status. Hosts are folders here. */

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repository } from '../support/repository.ts';
import { run } from '../support/run.ts';
import { tempDir } from '../support/temp.ts';

const SCRIPT = join(repository, 'docs/examples/roll-out.sh');

/** Does what its host's file `installs` says; notes each run and its arguments. */
const installer = `#!/bin/sh
echo "run $*" >>"$HOST/runs"
case $1 in
  --uninstall)
    [ -e "$HOST/installed" ] || { echo 'Nothing to uninstall: there is no manifest.'; exit 0; }
    rm "$HOST/installed"; echo 'nginx-upstream is uninstalled.' ;;
  *)
    [ ! -e "$HOST/broken" ] || { echo 'install.sh: error: there is no Netdata here' >&2; exit 1; }
    [ ! -e "$HOST/installed" ] || { echo 'Already up to date: nothing was changed.'; exit 0; }
    : >"$HOST/installed"; echo '  netdata can read /var/log/nginx: nothing to do'; echo 'Installed.' ;;
esac
`;

function world(names: readonly string[]) {
  const dir = tempDir('roll-out');
  const hosts = join(dir, 'hosts');
  for (const name of names) mkdirSync(join(hosts, name, 'etc/netdata'), { recursive: true });
  const release = join(dir, 'nginx-upstream-9');
  mkdirSync(release);
  writeFileSync(join(release, 'install.sh'), installer);
  execFileSync('tar', ['czf', 'release.tar.gz', 'nginx-upstream-9'], { cwd: dir });
  const ssh = join(dir, 'ssh');
  writeFileSync(
    ssh,
    `#!/bin/sh\n[ -d "${hosts}/$1" ] || { echo "ssh: connect to host $1: Connection refused" >&2; exit 255; }\n` +
      `HOST=${hosts}/$1 TMPDIR=${hosts}/$1 exec sh -c "$(printf %s "$2" | sed "s#/etc/netdata#${hosts}/$1/etc/netdata#")"\n`,
  );
  chmodSync(ssh, 0o755);
  return {
    at: (name: string, ...path: string[]) => join(hosts, name, ...path),
    async roll(action: string, of: readonly string[], env: Readonly<Record<string, string>> = {}) {
      const { code, stdout, stderr } = await run('sh', [SCRIPT, action, join(dir, 'release.tar.gz'), ...of], {
        cwd: dir,
        env: { ...process.env, RUN: ssh, ...env },
      });
      return { code, lines: stdout.trim().split('\n'), errors: stderr };
    },
  };
}

test('install, again, and uninstall: what changed is said, nothing is left behind', async () => {
  const { roll, at } = world(['a', 'b']);
  expect(await roll('install', ['a', 'b'])).toEqual({ code: 0, lines: ['a changed', 'b changed'], errors: '' });
  expect(await roll('install', ['a', 'b'])).toMatchObject({ code: 0, lines: ['a unchanged', 'b unchanged'] });
  expect(await roll('uninstall', ['b'])).toMatchObject({ code: 0, lines: ['b changed'] });
  expect(await roll('uninstall', ['a', 'b'])).toMatchObject({ code: 0, lines: ['a changed', 'b unchanged'] });
  expect(readFileSync(at('b', 'runs'), 'utf8')).toBe('run \nrun \nrun --uninstall --yes\nrun --uninstall --yes\n');
  expect(readdirSync(at('a')).sort()).toEqual(['etc', 'runs']);
});

test('a host that fails or cannot be reached: the others are done, and the status is 1', async () => {
  const { roll, at } = world(['a', 'b', 'c']);
  writeFileSync(at('b', 'broken'), '');
  const { code, lines, errors } = await roll('install', ['a', 'b', 'gone', 'c']);
  expect(lines).toEqual([
    'a changed',
    'b failed (1): install.sh: error: there is no Netdata here',
    'gone failed (255): ssh: connect to host gone: Connection refused',
    'c changed',
  ]);
  expect([code, errors]).toEqual([1, 'roll-out.sh: 2 of 4 hosts failed; their output is in roll-out.log\n']);
});

test('the first host is the canary', async () => {
  const { roll, at } = world(['a', 'b']);
  writeFileSync(at('a', 'broken'), '');
  const { code, errors } = await roll('install', ['a', 'b']);
  expect([code, errors]).toEqual([1, 'roll-out.sh: the first host failed; the other 1 were not touched\n']);
  expect(existsSync(at('b', 'runs'))).toBe(false);
});

test('a settings file is put in place once', async () => {
  const { roll, at } = world(['a']);
  const conf = at('a', 'wanted.conf');
  writeFileSync(conf, 'max_peers: 200\n');
  expect((await roll('install', ['a'], { CONF: conf })).lines).toEqual(['a changed']);
  expect(readFileSync(at('a', 'etc/netdata/nginx-upstream.conf'), 'utf8')).toBe('max_peers: 200\n');
  expect((await roll('install', ['a'], { CONF: conf })).lines).toEqual(['a unchanged']);
  writeFileSync(conf, 'max_peers: 300\n');
  expect((await roll('install', ['a'], { CONF: conf })).lines).toEqual(['a changed']);
  expect(readdirSync(at('a', 'etc/netdata'))).toEqual(['nginx-upstream.conf']);
});

test.each([
  [[]],
  [['install']],
  [['install', 'release.tar.gz']],
  [['remove', 'release.tar.gz', 'a']],
  [['install', 'no-such.tar.gz', 'a']],
])('wrong use: %j', async (args) => {
  expect((await run('sh', [SCRIPT, ...args])).code).toBe(2);
});
