import { isAnythingUsable } from '../../discover/check/rules.ts';
import { readEnvironment, settingsFiles } from '../../netdata/environment.ts';
import { findingsOf, inspectNginx } from '../../runtime/findings.ts';
import { nodeAccounts } from '../../system/accounts.ts';
import { resolveName } from '../../system/dns.ts';
import { nodeFileSystem } from '../../system/fs.ts';
import { pluginIdentity } from '../../system/identity.ts';
import { type Command, UsageError } from '../command.ts';
import { createOutput } from '../input.ts';
import { findJobs, readSettings } from '../nginx-jobs.ts';
import { terminalOf } from '../terminal.ts';
import { type CheckResult, renderJson, renderText } from './text.ts';

interface Options {
  readonly json: boolean;
  readonly config: string | null;
}

function readOptions(args: readonly string[]): Options {
  let json = false;
  let config: string | null = null;
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (arg === '--json') json = true;
    else if (arg.startsWith('--config=')) config = arg.slice('--config='.length);
    else if (arg === '--config') config = args[++at] ?? '';
    else throw new UsageError(`unknown option ${arg}`);
  }
  if (config === '') throw new UsageError('--config needs a FILE');
  return { json, config };
}

async function inspect(options: Options): Promise<CheckResult> {
  const environment = readEnvironment(process.env);
  const { settings, problem } = readSettings(settingsFiles(environment, options.config), options.config);
  const { hostPrefix } = environment;
  const ports = { fs: nodeFileSystem, resolve: resolveName, identity: pluginIdentity(), hostPrefix };
  const { jobs, others } = findJobs(settings.jobs, hostPrefix);
  const inspected = await inspectNginx(jobs, ports);
  const { userName } = nodeAccounts();
  const strangers = others.map(({ pid, uid }) => ({ pid, user: uid === null ? '?' : userName(uid) }));
  return { inspected, strangers, findings: findingsOf(inspected, problem) };
}

/** 0 nothing is missing, 1 something is, 2 nothing usable (design: the executable). */
function exitCode({ inspected, findings }: CheckResult): number {
  if (!inspected.some(({ facts }) => isAnythingUsable(facts))) return 2;
  return findings.length === 0 ? 0 : 1;
}

/** What was discovered and what is missing, each with the exact remedy. */
export const check: Command = {
  words: ['check'],
  synopsis: '[--json] [--config FILE]',
  summary: 'what was discovered, and what is missing with its remedy',

  async run(args, streams) {
    const options = readOptions(args);
    const result = await inspect(options);
    const { paint } = terminalOf(streams.stdout, process.env);
    const output = createOutput(streams.stdout);
    output.line(options.json ? renderJson(result) : renderText(result, paint));
    await output.end();
    return exitCode(result);
  },
};
