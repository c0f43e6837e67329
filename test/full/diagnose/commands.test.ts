/**
 * Each `run` line of each verdict is typed as it is printed, in the host where `diagnose` printed it: it must end as it
 * should and show what is claimed of it. Programs that are not on this machine are named as not run.
 * DIAGNOSE_COMMANDS=FILE has every command and what it printed written there.
 */
import { appendFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { faults } from '../../e2e/diagnose/faults.ts';
import { laterFaults } from '../../e2e/diagnose/later-faults.ts';
import { type Hosts, startWorld, type Verdict, type World } from '../../e2e/diagnose/world.ts';
import { startTwoHosts } from '../../support/hosts/two-hosts.ts';
import { describeOn } from '../../support/machine.ts';
import { type Result, run } from '../../support/run.ts';
import { tool } from '../../support/servers/packages.ts';
import { type Claim, claimOf, neverHere, placeholder, programsOf, together } from './command-claims.ts';
import { realFaults } from './real-faults.ts';

const rows: string[] = [];
const notRun = new Map<string, number>();
let env: NodeJS.ProcessEnv = {};

/** The programs that tests bring along stand in the PATH, as an operator has them. */
async function environment(): Promise<NodeJS.ProcessEnv> {
  const tools = await Promise.all((['nginx', 'ss', 'ip', 'nft', 'openssl'] as const).map((name) => tool(name)));
  const libraries = tools.flatMap((each) => each.env['LD_LIBRARY_PATH']?.split(':') ?? []);
  const folders = tools.map(({ path }) => dirname(path));
  return {
    ...process.env,
    PATH: [...new Set([...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin', ...folders])].join(':'),
    ...(libraries.length > 0 ? { LD_LIBRARY_PATH: [...new Set(libraries)].join(':') } : {}),
  };
}

async function lacking(command: string): Promise<string | null> {
  for (const program of programsOf(command)) {
    if (neverHere.includes(program)) return program;
    const { code } = await run('sh', ['-c', 'command -v "$1"', 'sh', program], { env });
    if (code !== 0) return program;
  }
  return null;
}

async function type(command: string, { front }: World, isOutside: boolean): Promise<Result> {
  const [first = '', ...rest] = isOutside ? [] : front.within;
  // Its entire group ends: one that hangs must not hold the test by what it started.
  const words = ['timeout', '-k', '1', '15', 'sh', '-c', command];
  return first === '' ? run('timeout', words.slice(1), { env }) : run(first, [...rest, ...words], { env });
}

function wrongIn(claim: Claim | null, command: string, { code, signal, stdout, stderr }: Result): string | null {
  const seen = `${command}\n  exit ${code ?? signal}: ${stdout}${stderr}`;
  if (claim === null) return `nothing is claimed of: ${seen}`;
  if (code === null || !claim.exits.includes(code)) return `exit ${claim.exits.join(' or ')} expected: ${seen}`;
  return claim.shows.test(stdout + stderr) ? null : `${claim.shows} expected: ${seen}`;
}

describeOn('namespaces')('diagnose: its commands run as they are typed', () => {
  let hosts: Hosts;
  beforeAll(async () => {
    hosts = await startTwoHosts();
    env = await environment();
  });
  afterAll(() => {
    const missing = Array.from(notRun, ([program, count]) => `${program} ${count}`);
    const text = [
      'commands as they were typed, by fault',
      ...rows,
      `not run, not on this machine: ${missing.join(', ')}`,
    ];
    console.log(text.join('\n'));
  });

  test.each([...faults, ...laterFaults, ...realFaults].map((fault) => [fault.name, fault] as const))(
    '%s',
    async (_, fault) => {
      const { world, sites } = await startWorld(hosts, [fault]);
      const [site] = sites;
      if (site === undefined) throw new Error('no site');
      await fault.provoke(site);
      const said = await world.diagnose();
      const verdicts: readonly Verdict[] = said.about(fault.subject(site));
      expect(verdicts.length, said.stdout).toBeGreaterThan(0);
      const wrong: string[] = [];
      for (const verdict of verdicts) {
        expect(verdict.run.length, verdict.cause).toBeGreaterThan(0);
        let screen = '';
        for (const command of verdict.run) {
          if (placeholder.test(command)) wrong.push(`a placeholder: ${command}`);
          const missing = await lacking(command);
          if (missing !== null) {
            notRun.set(missing, (notRun.get(missing) ?? 0) + 1);
            rows.push(`${fault.name}: not run (${missing}): ${command}`);
            continue;
          }
          const result = await type(command, world, fault.fromOutside === true);
          screen += result.stdout + result.stderr;
          const [line = ''] = (result.stdout || result.stderr).trim().split('\n');
          rows.push(`${fault.name}: ${command}\n    exit ${result.code}: ${line.slice(0, 160)}`);
          const texts = process.env['DIAGNOSE_COMMANDS'];
          if (texts !== undefined) {
            appendFileSync(
              texts,
              `== ${fault.name}\n$ ${command}\n${result.stdout}${result.stderr}[exit ${result.code}]\n`,
            );
          }
          const problem = wrongIn(claimOf(command, site, verdict), command, result);
          if (problem !== null) wrong.push(problem);
        }
        if (!together(verdict).test(screen)) wrong.push(`${together(verdict)} expected of all commands: ${screen}`);
      }
      expect(wrong).toEqual([]);
    },
  );
});
