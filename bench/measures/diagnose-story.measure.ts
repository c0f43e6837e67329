/**
 * `npm run docs:story`: plays the demo's story and writes docs/diagnose-story.md, what `diagnose` prints in each act. No
 * test compares it: how long a peer was away, and what else listens on the machine, decides some of the words.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { createBackend } from '../../demo/backends.ts';
import { startLoad } from '../../demo/load.ts';
import { startNginx } from '../../demo/nginx.ts';
import { writeStory } from '../../demo/story.ts';
import { freePorts } from '../../test/support/network/ports.ts';
import { repository } from '../../test/support/repository.ts';
import { run } from '../../test/support/run.ts';
import { tool } from '../../test/support/servers/packages.ts';
import { readablePlugin } from '../../test/support/servers/plugin.ts';
import { atEnd, tempDir } from '../../test/support/temp.ts';
import { sleep } from '../../test/support/wait.ts';

const page = join(repository, 'docs/diagnose-story.md');
const head = `# The demo as \`diagnose\` reports it

\`install.sh --demo\` makes these failures happen, one after the other. This is what \`nginx-upstream diagnose\` prints ten
seconds into each act (\`npm run docs:story\` plays the story and writes this page).
`;

test('the story, act by act', { timeout: 280_000 }, async () => {
  const ports = await freePorts(6);
  const [front = 0, ...rest] = ports;
  const backends = rest.map((port) => createBackend(port, process.env));
  atEnd(async () => {
    await Promise.all(backends.map((each) => each.stop()));
  });
  await Promise.all(backends.map((each) => each.answer()));
  const stage = { shop: backends.slice(0, 3), api: backends.slice(3) };
  const addresses = (of: typeof backends): readonly string[] => of.map(({ address }) => address);
  const folder = tempDir('story');
  const upstreams = { shop: addresses(stage.shop), api: addresses(stage.api) };
  const program = await tool('nginx');
  const nginx = await startNginx(program, { folder, port: front, upstreams, env: process.env });
  atEnd(nginx.stop);
  const load = startLoad(`http://127.0.0.1:${front}`, Object.keys(upstreams), 20);
  atEnd(load.stop);
  const conf = join(folder, 'nginx-upstream.conf');
  writeFileSync(conf, `jobs:\n  - name: demo\n    nginx_conf: ${join(folder, 'nginx.conf')}\n`);
  const plugin = readablePlugin();

  const told: string[] = [];
  for (const { tells, act } of writeStory(stage)) {
    await act();
    await sleep(10_000);
    const env = { ...process.env, NETDATA_LIB_DIR: folder };
    const { stdout } = await run(process.execPath, [plugin, 'diagnose', '--config', conf], { env });
    const names = [
      [folder, '/tmp/demo'],
      [plugin, 'nginx-upstream'],
      [program.path, 'nginx'],
    ] as const;
    const shown = names.reduce((sofar, [is, called]) => sofar.replaceAll(is, called), stdout);
    // What else happens to listen on the machine is not part of the story.
    const text = shown.replace(/^ *evidence +other ports with a listener there.*\n/gm, '').trimEnd();
    told.push(`## ${tells}\n\n${'```text'}\n${text}\n${'```'}\n`);
  }
  writeFileSync(page, `${head}\n${told.join('\n')}`);
});
