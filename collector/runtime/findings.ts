/** What `check` says of the nginx of all jobs, for the command and for the Function. */
import type { JobSettings } from '../config/settings.ts';
import {
  type CheckFacts,
  type ConfiguredLog,
  type ConfiguredLogs,
  type FactPorts,
  gatherFacts,
} from '../discover/check/facts.ts';
import { finding, type UnwordedFinding } from '../discover/check/finding.ts';
import { judgeNginx } from '../discover/check/rules/nginx.ts';
import { type WordedFinding, wordFinding } from '../discover/check/words/wording.ts';
import { hostFile, hostPath } from '../discover/find/host-path.ts';
import type { NginxRead } from '../discover/follow/read-nginx.ts';
import { bySeverity, type CheckFinding } from '../functions/facts.ts';
import { type Matching, matchingFiles } from '../source/glob.ts';
import { parseLogSpec } from '../source/log-spec.ts';
import { attempt } from '../system/fs.ts';
import { createNameBudget } from '../system/network/ask-names.ts';

/** One nginx and the settings of its job. */
export interface JobNginx {
  readonly job: string;
  readonly settings: JobSettings;
  readonly read: NginxRead;
}

/** One nginx with everything that is judged about it. */
export interface Inspected {
  /** The job of the configuration, or `local`. */
  readonly job: string;
  readonly facts: CheckFacts;
}

/** Of the files that a pattern matches the one that was written last: it shows whether they can be read. */
function newestOf(pattern: Matching, { fs, hostPrefix }: FactPorts): string | null {
  const paths = matchingFiles(fs, { ...pattern, pattern: hostPath(pattern.pattern, hostPrefix) });
  const times = paths.flatMap((path) => {
    const stat = attempt(() => fs.stat(hostFile(fs, path, hostPrefix)));
    return stat.ok ? [{ path, ms: stat.value.modifiedMs }] : [];
  });
  return times.sort((a, b) => b.ms - a.ms)[0]?.path ?? null;
}

function configuredLog(spec: string, ports: FactPorts): ConfiguredLog {
  const parsed = parseLogSpec(spec);
  if (parsed.is === 'glob') return { spec, path: newestOf(parsed, ports) };
  return { spec, path: parsed.is === 'file' ? parsed.path : null };
}

function configuredLogs({ errorLogs, accessLogs, stubStatus }: JobSettings, ports: FactPorts): ConfiguredLogs {
  return {
    errorLogs: errorLogs?.map((spec) => configuredLog(spec, ports)) ?? null,
    accessLogs: accessLogs?.map(({ path }) => configuredLog(path, ports)) ?? null,
    hasStatusPage: stubStatus !== null,
  };
}

/** Reads what has to be judged about each nginx. */
export async function inspectNginx(all: readonly JobNginx[], ports: FactPorts): Promise<readonly Inspected[]> {
  const budget = createNameBudget();
  const inspected: Inspected[] = [];
  for (const { job, settings, read } of all) {
    inspected.push({ job, facts: await gatherFacts(read, configuredLogs(settings, ports), budget, ports) });
  }
  return inspected;
}

/** The findings as the Function shows them. */
export async function checkFindings(
  all: readonly JobNginx[],
  problem: Parameters<typeof findingsOf>[1],
  ports: FactPorts,
  alerts: readonly UnwordedFinding[],
): Promise<readonly CheckFinding[]> {
  const found = findingsOf(await inspectNginx(all, ports), problem, alerts);
  return found.map(({ file, line, ...words }) => ({ ...words, place: file === null ? '' : `${file}:${line}` }));
}

/**
 * @param problem what is wrong with nginx-upstream.conf; null: nothing
 * @param alerts what is wrong with Netdata's alert files
 */
export function findingsOf(
  inspected: readonly Inspected[],
  problem: { readonly path: string; readonly text: string } | null,
  alerts: readonly UnwordedFinding[] = [],
): readonly WordedFinding[] {
  const all = [
    ...(problem === null ? [] : [finding('settings_invalid', problem.path, null, { text: problem.text })]),
    ...(inspected.length === 0 ? [finding('nginx_not_found', 'nginx')] : []),
    ...inspected.flatMap(({ facts }) => judgeNginx(facts)),
    ...alerts,
  ];
  return bySeverity(all.map(wordFinding));
}
