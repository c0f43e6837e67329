/** Facts for tests of what `check` finds: an nginx of Debian's that runs as root, on a recent kernel. */
import type { CheckFacts } from '../../../collector/discover/check/facts.ts';
import type { LogState } from '../../../collector/discover/check/log-state.ts';
import type { NginxFound } from '../../../collector/discover/find/find-nginx.ts';
import type { NginxConfiguration } from '../../../collector/nginx/types.ts';
import { debianBuild } from '../../nginx/memory-files.ts';

export const runningArgs = { text: 'nginx', program: 'nginx', prefix: null, conf: null, globals: null, errorLog: null };
export const runningMaster = {
  pid: 1,
  uid: 0,
  startedBy: 'root',
  args: runningArgs,
  container: null,
  containerId: null,
  runtime: null,
  mounts: [],
} as const;

export const foundNginx: NginxFound = {
  master: runningMaster,
  version: 'nginx/1.22.1',
  defaults: debianBuild,
  confPath: '/etc/nginx/nginx.conf',
  commandLine: null,
  view: { places: (path) => [path], follow: (place) => place },
};

/** @param states of its error logs and of its access logs */
export function checkFacts(
  configuration: NginxConfiguration,
  addresses: CheckFacts['addresses'],
  states: { readonly error: LogState; readonly access: LogState },
): CheckFacts {
  return {
    found: foundNginx,
    dumped: false,
    configuration,
    addresses,
    openNames: { wanted: addresses.size, late: 0, beyond: 0 },
    errorLogs: configuration.errorLogs.map((log) => ({ log, state: states.error })),
    accessLogs: configuration.accessLogs.map((log) => ({ log, state: states.access })),
    configured: [],
    hasStatusPage: false,
    strangers: [],
    changedSince: [],
    kernel: '6.2.0',
    identity: { user: 'netdata', uid: 201, gids: [201], trial: null, groupName: String },
  };
}
