import { expect, test } from 'vitest';
import { findNginx } from '../../../collector/discover/find/find-nginx.ts';
import { listenersFiles, verdictsFiles } from '../../../collector/runtime/causes/state-files.ts';
import { nodeFileSystem as fs } from '../../../collector/system/fs.ts';
import { hostMounts, hostTree } from '../../discover/host-tree.ts';

test('one file for each nginx, in the folder of Netdata; outside of Netdata in the usual ones', () => {
  const host = hostTree({ '/etc/nginx/nginx.conf': 'events {}' });
  const title = 'nginx: master process nginx -c /etc/nginx/nginx.conf';
  host.nginx({ pid: 100, title, workers: {} });
  const id = 'a'.repeat(64);
  const mountinfo = hostMounts.replace('8:1 / /', '0:99 / /');
  host.nginx({ pid: 200, title, workers: {}, mountinfo, cgroup: `0::/docker/${id}` });
  const [own, contained] = findNginx({ fs, hostPrefix: host.prefix, ownUid: 0 }).running;
  if (own === undefined || contained === undefined) throw new Error('two are found');
  expect(verdictsFiles('/lib', own)).toEqual(['/lib/nginx-upstream.verdicts._etc_nginx_nginx_conf.json']);
  expect(listenersFiles(null, contained)).toEqual([
    '/var/lib/netdata/nginx-upstream.listeners.aaaaaaaaaaaa_etc_nginx_nginx_conf.json',
    '/opt/netdata/var/lib/netdata/nginx-upstream.listeners.aaaaaaaaaaaa_etc_nginx_nginx_conf.json',
  ]);
});
