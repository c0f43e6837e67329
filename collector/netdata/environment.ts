import { existsSync } from 'node:fs';

/** What Netdata gives a plugin in its environment (facts measured on 1.37.1 and 2.10.4). */
export interface NetdataEnvironment {
  /** Seconds; null when it is not set, as in a terminal. */
  readonly updateEvery: number | null;
  readonly version: string | undefined;
  /** Where the configuration is looked for, most specific first. */
  readonly configDirectories: readonly string[];
  /** Where state may be kept; null outside Netdata. */
  readonly libDirectory: string | null;
  /** Goes before every path when Netdata runs in a container and the host is mounted; empty otherwise. */
  readonly hostPrefix: string;
  readonly logLevel: string | undefined;
}

const fileName = 'nginx-upstream.conf';

/** Where the plugin's configuration may be, the first that exists counts; only there if the user named the file. */
export function settingsFiles(environment: NetdataEnvironment, named: string | null): readonly string[] {
  return named === null ? environment.configDirectories.map((folder) => `${folder}/${fileName}`) : [named];
}

/** Netdata's image has the host's root here, with its /proc; 2.x does not hand NETDATA_HOST_PREFIX on to its plugins. */
const usualPrefix = '/host';

/**
 * Where the host's root is: below `root` of what Netdata says (its image mounts `/` there, and only some files beside
 * it), else what Netdata says; without a word of Netdata's, where its image has it.
 */
function hostPrefixOf(told: string, isThere: (path: string) => boolean): string {
  const whole = `${told || usualPrefix}/root`;
  return isThere(`${whole}/proc/1/status`) && isThere(`${whole}/etc`) ? whole : told;
}

/** @param isThere whether a path exists */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  isThere: (path: string) => boolean = existsSync,
): NetdataEnvironment {
  const seconds = Number(env['NETDATA_UPDATE_EVERY']);
  return {
    updateEvery: Number.isInteger(seconds) && seconds > 0 ? seconds : null,
    version: env['NETDATA_VERSION'] || undefined,
    configDirectories: [
      env['NETDATA_USER_CONFIG_DIR'],
      env['NETDATA_STOCK_CONFIG_DIR'],
      '/etc/netdata',
      '/opt/netdata/etc/netdata',
    ].filter((directory): directory is string => Boolean(directory)),
    libDirectory: env['NETDATA_LIB_DIR'] || null,
    hostPrefix: hostPrefixOf((env['NETDATA_HOST_PREFIX'] ?? '').replace(/\/+$/, ''), isThere),
    logLevel: env['NETDATA_LOG_LEVEL'] || undefined,
  };
}
