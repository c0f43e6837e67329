/** Runs .bats files so that each bats test is a test here: counts and failures are those of `npm test`. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { run } from './run.ts';

const require = createRequire(import.meta.url);
const BATS = require.resolve('bats/bin/bats');
/** For one .bats file; it takes some ten seconds on an idle machine, and minutes on one that is overloaded. */
const MOST_MS = 400_000;

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

/** A suite of all the tests of `file`; `more` is asked for the variables that they need, right before they run. */
export function describeBats(file: string, more: () => Promise<NodeJS.ProcessEnv>): void {
  const names = namesIn(file);

  describe(basename(file, '.bats'), () => {
    let outcomes = new Map<string, Outcome>();
    let printed = '';

    beforeAll(async () => {
      const env = { ...process.env, ...(await more()) };
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
