/**
 * The demo's story as `diagnose` tells it, act by act. docs/diagnose-story.md is what it printed once; the test runs the
 * story again and compares verdict, sentence and fix of each act, all numbers apart. STORY=write writes the page anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { createBackend } from '../../demo/backends.ts';
import { startLoad } from '../../demo/load.ts';
import { startNginx } from '../../demo/nginx.ts';
import { writeStory } from '../../demo/story.ts';
import { tool } from '../support/packages.ts';
import { readablePlugin } from '../support/plugin.ts';
import { freePorts } from '../support/ports.ts';
import { run } from '../support/run.ts';
import { atEnd, tempDir } from '../support/temp.ts';
import { sleep } from '../support/wait.ts';

const page = resolve(import.meta.dirname, '../../docs/diagnose-story.md');
const head = `# The demo's story, told by \`diagnose\`

\`install.sh --demo\` makes these failures happen, one after the other. This is what \`nginx-upstream diagnose\` prints ten
seconds into each act. A test (test/full/diagnose-story.test.ts) plays the story and compares it with this page.
`;

/** What must not differ between two runs: verdict, sentence and fix; evidence and commands have pids, ports and times. */
function skeleton(text: string): readonly string[] {
  const lines = text.split('\n');
  const kept: string[] = [];
  let isKept = false;
  for (const line of lines) {
    if (/^ {4}(?:evidence|ruled out|run) /.test(line)) isKept = false;
    else if (/^ {4}fix /.test(line) || /^ {2}(?:certain|likely|unknown|Healthy)/.test(line)) isKept = true;
    else if (!line.startsWith('    ')) isKept = /^Healthy/.test(line);
    if (isKept && line.trim() !== '') kept.push(line.trim());
  }
  return kept
    .join(' ')
    .replace(/\d+/g, '#')
    .split(/(?=\b(?:certain|likely|unknown) \w+)/)
    .map((each) => each.trim())
    .sort();
}

test('each act is told as the page has it', { timeout: 280_000 }, async () => {
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
    // What else happens to listen on the machine is no part of the story.
    const text = shown.replace(/^ *evidence +other ports that listen there.*\n/gm, '').trimEnd();
    told.push(`## ${tells}\n\n${'```text'}\n${text}\n${'```'}\n`);
  }
  const acts = (text: string): readonly string[] => text.split(/^(?=## )/m).filter((each) => each.startsWith('## '));
  if (process.env['STORY'] === 'write') writeFileSync(page, `${head}\n${told.join('\n')}`);
  const written = acts(readFileSync(page, 'utf8'));
  expect(told.map(skeleton), told.join('\n')).toEqual(written.map(skeleton));
});
