import { readConfiguration } from '../../collector/nginx/configuration.ts';
import { readTree } from '../../collector/nginx/syntax/tree.ts';
import type { BuildDefaults, ConfigurationFiles, NginxConfiguration } from '../../collector/nginx/types.ts';

/** Configuration files that exist only here. A content of null is a file that may not be read. */
export function memoryFiles(contents: Readonly<Record<string, string | null>>): ConfigurationFiles {
  const paths = Object.keys(contents);
  return {
    readFile(path) {
      const text = contents[path];
      if (text === undefined) return { failure: 'missing' };
      return text === null ? { failure: 'denied' } : { text };
    },
    readFolder(path) {
      const start = path === '/' ? '/' : `${path}/`;
      const names = paths
        .filter((each) => each.startsWith(start))
        .map((each) => each.slice(start.length).split('/')[0]);
      return names.length === 0 ? null : [...new Set(names)].flatMap((name) => (name === undefined ? [] : [name]));
    },
  };
}

export const debianBuild: BuildDefaults = {
  prefix: '/usr/share/nginx',
  confPath: '/etc/nginx/nginx.conf',
  errorLogPath: 'stderr',
  httpLogPath: '/var/log/nginx/access.log',
};

/** What a configuration with this main file means. */
export function configurationOf(
  main: string,
  others: Readonly<Record<string, string | null>> = {},
  build: BuildDefaults = debianBuild,
): NginxConfiguration {
  const files = memoryFiles({ '/etc/nginx/nginx.conf': main, ...others });
  return readConfiguration(readTree('/etc/nginx/nginx.conf', files), build);
}
