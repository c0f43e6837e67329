/** install.sh, tried in trees of each Netdata layout (the .bats files beside this one) and read by shellcheck. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeBats } from '../support/bats.ts';
import { repository } from '../support/repository.ts';
import { run } from '../support/run.ts';
import { tool } from '../support/servers/packages.ts';
import { tempDir } from '../support/temp.ts';

const HERE = import.meta.dirname;

/** Made here, in its own folder: runs side by side must not clear each other's dist/release. */
async function makeRelease(): Promise<string> {
  const out = tempDir('release');
  const { code, stderr } = await run(process.execPath, ['release.js', '--plain', out], { cwd: repository });
  if (code !== 0) throw new Error(stderr);
  const tarball = readdirSync(out).find((name) => name.endsWith('.tar.gz'));
  return join(out, tarball ?? '');
}

for (const name of readdirSync(HERE).filter((name) => name.endsWith('.bats'))) {
  describeBats(join(HERE, name), async () => (name === 'release.bats' ? { RELEASE_TARBALL: await makeRelease() } : {}));
}

test('shellcheck finds nothing in the shell scripts', async () => {
  const shellcheck = await tool('shellcheck');
  const scripts = [
    'install.sh',
    '.ci/run',
    '.ci/fresh',
    '.ci/without-node',
    '.ci/without-node-inside',
    '.ci/ansible',
    '.ci/ansible-inside',
    '.ci/inside',
    'demo/get-packages.sh',
    'docs/examples/roll-out.sh',
    'test/install/trees.bash',
  ];
  const { stdout, code } = await run(shellcheck.path, scripts, { cwd: repository, env: shellcheck.env });
  expect(stdout).toBe('');
  expect(code).toBe(0);
});
