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
import { judgeNginx } from '../discover/check/rules.ts';
import { type WordedFinding, wordFinding } from '../discover/check/wording.ts';
import type { NginxRead } from '../discover/follow/read-nginx.ts';
import { bySeverity, type CheckFinding } from '../functions/facts.ts';
import { parseLogSpec } from '../source/log-spec.ts';
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

function configuredLog(spec: string): ConfiguredLog {
  const parsed = parseLogSpec(spec);
  return { spec, path: parsed.is === 'file' ? parsed.path : null };
}

function configuredLogs({ errorLogs, accessLogs, stubStatus }: JobSettings): ConfiguredLogs {
  return {
    errorLogs: errorLogs?.map(configuredLog) ?? null,
    accessLogs: accessLogs?.map(({ path }) => configuredLog(path)) ?? null,
    hasStatusPage: stubStatus !== null,
  };
}

/** Reads what has to be judged about each nginx. */
export async function inspectNginx(all: readonly JobNginx[], ports: FactPorts): Promise<readonly Inspected[]> {
  const budget = createNameBudget();
  const inspected: Inspected[] = [];
  for (const { job, settings, read } of all) {
    inspected.push({ job, facts: await gatherFacts(read, configuredLogs(settings), budget, ports) });
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
