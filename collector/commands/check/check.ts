import { finding } from '../../discover/check/finding.ts';
import { alertFileFindings } from '../../discover/check/rules/alert-files.ts';
import { isAnythingUsable } from '../../discover/check/rules/nginx.ts';
import { type WordedFinding, wordFinding } from '../../discover/check/words/wording.ts';
import { asOnHost } from '../../discover/find/host-path.ts';
import { bySeverity } from '../../functions/facts.ts';
import { askNetdataVersion } from '../../netdata/ask-version.ts';
import { settingsFiles } from '../../netdata/environment.ts';
import { findingsOf, inspectNginx } from '../../runtime/findings.ts';
import { nodeAccounts } from '../../system/accounts.ts';
import { nodeFileSystem } from '../../system/fs.ts';
import { resolveName } from '../../system/network/dns.ts';
import { pluginIdentity } from '../../system/process/identity.ts';
import type { Reader } from '../../system/reach.ts';
import type { Command } from '../command.ts';
import { commandEnvironment } from '../environment.ts';
import { createOutput } from '../input.ts';
import { findJobs, readSettings } from '../nginx-jobs.ts';
import { readOptions } from '../options.ts';
import { terminalOf } from '../terminal.ts';
import { renderJson } from './json.ts';
import { type CheckResult, renderText } from './text.ts';

interface Options {
  readonly json: boolean;
  readonly config: string | null;
}

function readCheckOptions(args: readonly string[]): Options {
  const { flags, values } = readOptions(args, { flags: ['json'], values: { config: 'FILE' }, takesFiles: false });
  return { json: flags.has('json'), config: values.config ?? null };
}

/**
 * The name of a user who is neither root nor whom Netdata runs the plugin as; Netdata names its version to the plugin.
 * What such a user may read says nothing about the plugin.
 */
function ordinaryUser({ uid, user }: Reader, env: NodeJS.ProcessEnv): string | null {
  const isPlugin = user === 'netdata' || env['NETDATA_VERSION'] !== undefined;
  return uid !== 0 && !isPlugin ? user : null;
}

const aboutRights = /^(log_unreadable|configuration_unreadable|configured_log_unusable)$/;

/** What this user may not read becomes one finding, without a remedy for the account that only asks. */
function withoutOwnRights(findings: readonly WordedFinding[], askedBy: string): readonly WordedFinding[] {
  const own = findings.filter(({ code, what }) => aboutRights.test(code) && !what.includes('does not exist'));
  if (own.length === 0) return findings;
  const what = own.map(({ subject }) => subject).join(', ');
  return bySeverity([
    wordFinding(finding('needs_root', what, null, { who: askedBy })),
    ...findings.filter((each) => !own.includes(each)),
  ]);
}

async function inspect(options: Options): Promise<CheckResult> {
  const environment = commandEnvironment();
  const { settings, problem } = readSettings(settingsFiles(environment, options.config), options.config);
  const { hostPrefix } = environment;
  const identity = pluginIdentity(hostPrefix);
  const ports = { fs: nodeFileSystem, resolve: resolveName, identity, hostPrefix };
  const { jobs, others } = findJobs(settings.jobs, hostPrefix);
  const inspected = await inspectNginx(jobs, ports);
  const { userName } = nodeAccounts(hostPrefix);
  const strangers = others.map(({ pid, uid }) => ({ pid, user: uid === null ? '?' : userName(uid) }));
  const alerts = await alertFileFindings(
    nodeFileSystem,
    environment.configDirectories,
    async () => environment.version ?? (await askNetdataVersion()),
  );
  const said = (each: WordedFinding): WordedFinding => ({
    ...each,
    what: asOnHost(each.what, hostPrefix),
    remedy: asOnHost(each.remedy, hostPrefix),
  });
  const findings = findingsOf(inspected, problem, alerts).map(said);
  const askedBy = ordinaryUser(pluginIdentity(), process.env);
  return { inspected, strangers, askedBy, findings: askedBy === null ? findings : withoutOwnRights(findings, askedBy) };
}

/** 0 nothing is missing, 1 something is, 2 nothing usable. A notice is advice: nothing is missing. */
function exitCode({ inspected, findings }: CheckResult): number {
  if (!inspected.some(({ facts }) => isAnythingUsable(facts))) return 2;
  return findings.every(({ severity }) => severity === 'notice') ? 0 : 1;
}

/** What was discovered and what is missing, each with the exact remedy. */
export const check: Command = {
  words: ['check'],
  synopsis: '[--json] [--config FILE]',
  summary: 'show what was found, and what is missing with its remedy',
  help: [
    ['--json', 'print one JSON object: nginx and findings'],
    ['--config FILE', 'use this nginx-upstream.conf'],
    '',
    'Run it as root: it then judges what the user netdata may read. It starts no other program.',
    '',
    'Severity of a finding: error (nothing is counted here), warning (something is not seen), notice (advice).',
    'Exit code: 0 nothing is missing (notices at most), 1 something is missing, 2 nothing usable was found.',
  ],

  async run(args, streams) {
    const options = readCheckOptions(args);
    const result = await inspect(options);
    const terminal = terminalOf(streams.stdout, process.env);
    const output = createOutput(streams.stdout);
    output.line(options.json ? renderJson(result) : renderText(result, terminal));
    await output.end();
    return exitCode(result);
  },
};
