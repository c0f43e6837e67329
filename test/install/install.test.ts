/**
 * install.sh, tried in trees of each Netdata layout (the .bats files beside this one) and read by shellcheck. Every
 * bats test is a test here, so that counts and failures are those of `npm test`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { tool } from '../support/packages.ts';
import { run } from '../support/run.ts';
import { tempDir } from '../support/temp.ts';

const HERE = import.meta.dirname;
const REPOSITORY = resolve(HERE, '../..');
const require = createRequire(import.meta.url);
const BATS = require.resolve('bats/bin/bats');
/** For one .bats file; it takes some ten seconds on an idle machine, and minutes on one that is overloaded. */
const MOST_MS = 400_000;

/** Made here, in a folder of its own: runs side by side must not clear each other's dist/release. */
async function makeRelease(): Promise<string> {
  const out = tempDir('release');
  const { code, stderr } = await run(process.execPath, ['release.js', '--plain', out], { cwd: REPOSITORY });
  if (code !== 0) throw new Error(stderr);
  const tarball = readdirSync(out).find((name) => name.endsWith('.tar.gz'));
  return join(out, tarball ?? '');
}

interface Outcome {
  readonly verdict: 'ok' | 'not ok' | 'skipped';
  /** What bats prints below a test that failed. */
  readonly said: string;
}

/** Reads TAP as bats writes it: `ok 1 name`, `not ok 2 name` with `# …` lines below, `ok 3 name # skip why`. */
function readTap(tap: string): Map<string, Outcome> {
  const outcomes = new Map<string, Outcome>();
  let name = '';
  for (const line of tap.split('\n')) {
    const match = /^(ok|not ok) \d+ (.*?)( # skip.*)?$/.exec(line);
    const before = outcomes.get(name);
    if (match) {
      name = match[2] ?? '';
      outcomes.set(name, { verdict: match[3] ? 'skipped' : (match[1] as 'ok' | 'not ok'), said: match[3] ?? '' });
    } else if (before) outcomes.set(name, { ...before, said: `${before.said}\n${line}` });
  }
  return outcomes;
}

const namesIn = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/^@test "(.*)" \{$/gm)].map((match) => match[1] ?? '');

for (const name of readdirSync(HERE).filter((name) => name.endsWith('.bats'))) {
  const file = join(HERE, name);
  const names = namesIn(file);

  describe(basename(name, '.bats'), () => {
    let outcomes = new Map<string, Outcome>();
    let printed = '';

    beforeAll(async () => {
      const env = { ...process.env };
      if (basename(file) === 'release.bats') env['RELEASE_TARBALL'] = await makeRelease();
      const { stdout, stderr } = await run(BATS, ['--formatter', 'tap', file], { env, timeout: MOST_MS });
      printed = `${stdout}${stderr}`;
      outcomes = readTap(stdout);
    }, MOST_MS + 5_000);

    test.each(names)('%s', (test) => {
      const outcome = outcomes.get(test) ?? { verdict: 'not run', said: printed };
      expect(outcome.verdict, outcome.said).toBe('ok');
    });

    test('bats ran these tests and no others', () => {
      expect([...outcomes.keys()]).toEqual(names);
    });
  });
}

test('shellcheck finds nothing in the shell scripts', async () => {
  const shellcheck = await tool('shellcheck');
  const scripts = [
    'install.sh',
    '.ci/run',
    '.ci/fresh',
    '.ci/without-node',
    '.ci/without-node-inside',
    'demo/get-packages.sh',
    'test/install/trees.bash',
  ];
  const { stdout, code } = await run(shellcheck.path, scripts, { cwd: REPOSITORY, env: shellcheck.env });
  expect(stdout).toBe('');
  expect(code).toBe(0);
});
