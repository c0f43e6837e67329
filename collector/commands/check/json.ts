/** What `check --json` prints. Pure. */
import type { Inspected } from '../../runtime/findings.ts';
import { json } from '../terminal.ts';
import type { CheckResult } from './text.ts';

function factsJson({ job, facts }: Inspected): unknown {
  const { found, configuration } = facts;
  return {
    job,
    version: found.version,
    pid: found.master?.pid ?? null,
    container: found.master?.container ?? null,
    configuration: { main: found.confPath, files: configuration.files },
    workers: {
      processes: configuration.workerProcesses,
      connections: configuration.workerConnections,
      rlimitNofile: configuration.workerRlimitNofile,
    },
    upstreams: configuration.upstreams,
    undecided: configuration.undecided,
    errorLogs: facts.errorLogs.map(({ log, state }) => ({ ...log, state: state.is })),
    accessLogs: facts.accessLogs.map(({ log, state }) => ({ ...log, state: state.is })),
    configuredLogs: facts.configured.map(({ use, spec, path, state }) => ({
      use,
      spec,
      state: path === null ? null : state.is,
    })),
    formats: configuration.formats,
    statusPages: configuration.statusPages,
  };
}

/** One JSON object, one line. */
export function renderJson({ inspected, strangers, findings, askedBy }: CheckResult): string {
  return json({ nginx: inspected.map(factsJson), notFollowed: strangers, findings, askedBy });
}
