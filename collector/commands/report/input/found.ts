/** The logs that `report` reads when it is typed without a FILE: those of the nginx found here. */

import { existsSync } from 'node:fs';
import { settingsFiles } from '../../../netdata/environment.ts';
import { UsageError } from '../../command.ts';
import { commandEnvironment } from '../../environment.ts';
import { findJobs, readSettings } from '../../nginx-jobs.ts';

export interface FoundLogs {
  /** The main file of its configuration, for the formats; null: they come from a dump. */
  readonly conf: string | null;
  readonly files: readonly string[];
}

/** @throws UsageError where none is found: then the files have to be named */
export function findLogs(): FoundLogs {
  const environment = commandEnvironment();
  const { settings } = readSettings(settingsFiles(environment, null), null);
  const { jobs } = findJobs(settings.jobs, environment.hostPrefix);
  for (const { read } of jobs) {
    const { errorLogs, accessLogs } = read.configuration;
    const paths = [...errorLogs, ...accessLogs].flatMap(({ target }) =>
      target.kind === 'file' ? environment.hostPrefix + target.path : [],
    );
    const files = [...new Set(paths)].filter(existsSync);
    if (files.length > 0) return { conf: read.dumped ? null : read.found.confPath, files };
  }
  throw new UsageError('no log of an nginx is found here: name the files, plain or .gz');
}
