/** Where distributions and projects put nginx, for hosts where none runs and programs that cannot be read. */
import type { BuildDefaults } from '../../nginx/types.ts';
import { sourceDefaults } from './build.ts';

function packaged(confPath: string, prefix: string, logs: string): BuildDefaults {
  return { prefix, confPath, errorLogPath: `${logs}/error.log`, httpLogPath: `${logs}/access.log` };
}

/** In the order in which they are looked for. Only `confPath` is looked for; the rest fills what it does not say. */
export const layouts: readonly BuildDefaults[] = [
  // Debian, Ubuntu, Fedora, nginx.org's packages, Alpine, the docker image.
  packaged('/etc/nginx/nginx.conf', '/etc/nginx', '/var/log/nginx'),
  packaged('/etc/angie/angie.conf', '/etc/angie', '/var/log/angie'),
  packaged('/etc/tengine/nginx.conf', '/etc/tengine', '/var/log/tengine'),
  sourceDefaults('/usr/local/openresty/nginx'),
  sourceDefaults('/usr/local/nginx'),
  // FreeBSD's port.
  packaged('/usr/local/etc/nginx/nginx.conf', '/usr/local/etc/nginx', '/var/log/nginx'),
  sourceDefaults('/opt/bitnami/nginx'),
  packaged('/opt/nginx/conf/nginx.conf', '/opt/nginx', '/opt/nginx/logs'),
  packaged('/usr/pkg/etc/nginx/nginx.conf', '/usr/pkg', '/var/log/nginx'),
];

/** Where programs are, when a process title does not say. */
export const programFolders: readonly string[] = [
  '/usr/sbin',
  '/usr/local/sbin',
  '/usr/bin',
  '/usr/local/bin',
  '/usr/local/nginx/sbin',
  '/usr/local/openresty/nginx/sbin',
  '/usr/local/openresty/bin',
  '/opt/bitnami/nginx/sbin',
  '/opt/nginx/sbin',
];
