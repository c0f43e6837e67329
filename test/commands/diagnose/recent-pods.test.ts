/** Logs of pods as Netdata's container sees them: the links of /var/log/containers begin at the host's root. */
import { expect, test } from 'vitest';
import { readRecentAccess } from '../../../collector/commands/diagnose/recent/access.ts';
import { readRecentLines } from '../../../collector/commands/diagnose/recent/lines.ts';
import { nodeFileSystem as fs } from '../../../collector/system/fs.ts';
import { hostTree } from '../../discover/host-tree.ts';

const pod = '/var/log/pods/ingress-nginx_a_b/controller/0.log';
const spec = 'cri:/var/log/containers/*_ingress-nginx_controller-*.log';
const at = new Date(Date.now() - 5000).toISOString();
const error = `${at.slice(0, 19).replaceAll('-', '/').replace('T', ' ')} [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.9, server: x, request: "GET / HTTP/1.1", upstream: "http://10.244.0.3:8080/", host: "x"`;
const { prefix } = hostTree({
  [pod]: `${at} stdout F [${at.slice(0, 19)}+00:00] 200 [default-web-80] 10.244.0.3:8080\n${at} stderr F ${error}\n`,
  '/var/log/containers/a_ingress-nginx_controller-1.log': `-> ${pod}`,
});
const ports = {
  fs,
  execute: () => Promise.reject(new Error('no program is run')),
  follow: (path: string) => path,
  hostPrefix: prefix,
} as unknown as Parameters<typeof readRecentAccess>[1];

test('requests of a pod are read', () => {
  const formats = [{ name: 'x', text: '[$time_iso8601] $status [$proxy_upstream_name] $upstream_addr', escape: null }];
  const log = { spec, formats, legacyConnectTime: false } as unknown as Parameters<typeof readRecentAccess>[0][number];
  const names: string[] = [];
  const read = readRecentAccess([log], ports, ({ record }) => names.push(record.names.text(record.upstream)));
  expect([read.length, names]).toEqual([1, ['default-web-80']]);
});

test('and so are its errors', async () => {
  const { lines, unread } = await readRecentLines([spec], 0, ports);
  expect([lines.map(({ line }) => line.upstream?.peer), unread]).toEqual([['10.244.0.3:8080'], []]);
});
