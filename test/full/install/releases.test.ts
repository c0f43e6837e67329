/** All three releases, with the Node that two of them bring, in trees of each Netdata layout (releases.bats). */

import { join } from 'node:path';
import { describeBats } from '../../support/bats.ts';
import { repository } from '../../support/repository.ts';
import { run } from '../../support/run.ts';
import { tempDir } from '../../support/temp.ts';

describeBats(join(import.meta.dirname, 'releases.bats'), async () => {
  const RELEASES = process.env['RELEASES'] ?? tempDir('releases');
  if (process.env['RELEASES'] === undefined) {
    const { code, stderr } = await run(process.execPath, ['release.js', RELEASES], {
      cwd: repository,
      timeout: 180_000,
    });
    if (code !== 0) throw new Error(stderr);
  }
  return { RELEASES };
});
