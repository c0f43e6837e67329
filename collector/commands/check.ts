import { parseSettings } from '../config/parse.ts';
import { defaultSettings, type JobSettings, type Settings } from '../config/settings.ts';
import { gatherFacts } from '../discover/facts.ts';
import { findNginx } from '../discover/find-nginx.ts';
import { type Finding, finding } from '../discover/finding.ts';
import { type NginxRead, readNginx, readTold } from '../discover/read-nginx.ts';
import { isAnythingUsable, judge } from '../discover/rules.ts';
import { word } from '../discover/wording.ts';
import { readEnvironment } from '../netdata/environment.ts';
import { followSettingsFile } from '../source/settings-file.ts';
import { resolveName } from '../system/dns.ts';
import { execute } from '../system/exec.ts';
import { nodeFileSystem } from '../system/fs.ts';
import { pluginIdentity } from '../system/identity.ts';
import { type CheckResult, type Inspected, renderJson, renderText } from './check-report.ts';
import { type Command, UsageError } from './command.ts';
import { createOutput } from './input.ts';

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

/** The settings as the plugin would read them now, and what is wrong with them. */
function readSettings(candidates: readonly string[]): {
  readonly settings: Settings;
  readonly findings: readonly Finding[];
} {
  const refused = (path: string, text: string) => ({
    settings: defaultSettings,
    findings: [finding('settings_invalid', path, null, { text })],
  });
  const seen = followSettingsFile(candidates, nodeFileSystem).poll(true);
  if (seen.is === 'unreadable') return refused(seen.path, seen.reason);
  if (seen.is !== 'text') return { settings: defaultSettings, findings: [] };
  const parsed = parseSettings(seen.text);
  if (parsed.ok) return { settings: parsed.settings, findings: [] };
  return refused(seen.path, parsed.problems.map(({ line, text }) => `line ${line}: ${text}`).join('; '));
}

interface Wanted {
  readonly job: string;
  readonly read: NginxRead;
}

async function readJobs(jobs: readonly JobSettings[], hostPrefix: string): Promise<readonly Wanted[]> {
  const fs = nodeFileSystem;
  const running = await findNginx({ fs, execute, hostPrefix });
  return jobs.flatMap(({ name, nginxConf }) =>
    nginxConf === null
      ? running.map((found, at) => ({
          job: at === 0 ? name : `${name} ${at + 1}`,
          read: readNginx(found, fs),
        }))
      : [{ job: name, read: readTold(nginxConf, running, fs, hostPrefix) }],
  );
}

async function inspect(options: Options): Promise<CheckResult> {
  const environment = readEnvironment(process.env);
  const candidates =
    options.config === null
      ? environment.configDirectories.map((folder) => `${folder}/nginx-upstream.conf`)
      : [options.config];
  const { settings, findings } = readSettings(candidates);
  const { hostPrefix } = environment;
  const ports = { fs: nodeFileSystem, resolve: resolveName, identity: pluginIdentity(), hostPrefix };
  const inspected: Inspected[] = [];
  for (const { job, read } of await readJobs(settings.jobs, hostPrefix)) {
    inspected.push({ job, facts: await gatherFacts(read, ports) });
  }
  const all = [
    ...findings,
    ...(inspected.length === 0 ? [finding('nginx_not_found', 'nginx')] : []),
    ...inspected.flatMap(({ facts }) => judge(facts)),
  ];
  return { inspected, findings: all.map(word) };
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
    const colour = 'isTTY' in streams.stdout && streams.stdout.isTTY === true && !process.env['NO_COLOR'];
    const output = createOutput(streams.stdout);
    output.line(options.json ? renderJson(result) : renderText(result, colour));
    await output.end();
    return exitCode(result);
  },
};
