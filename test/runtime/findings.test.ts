/** What the Function's findings say, of an nginx and settings in a folder of ours. */
import { chmodSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseSettings } from '../../collector/config/parse.ts';
import { defaultSettings } from '../../collector/config/settings.ts';
import { findNginx } from '../../collector/discover/find/find-nginx.ts';
import { readNginx } from '../../collector/discover/follow/read-nginx.ts';
import { checkFindings } from '../../collector/runtime/findings.ts';
import { nodeFileSystem as fs } from '../../collector/system/fs.ts';
import { hostTree } from '../discover/host-tree.ts';

const complete = `events {}
error_log /var/log/nginx/error.log warn;
http {
  log_format up '$remote_addr $status $request_time $proxy_host $upstream_addr $upstream_status $upstream_connect_time '
                '$upstream_header_time $upstream_response_time';
  access_log /var/log/nginx/access.log up;
  upstream app { server 10.0.0.1:80 max_fails=3; server 10.0.0.2:80 max_fails=3; }
  server {
    location / { proxy_pass http://app; }
    location = /status { stub_status; allow 127.0.0.1; deny all; }
  }
}
`;
const withoutPage = complete.replace(/.*stub_status.*\n/, '');
const discarded = complete.replace(/error_log .*/, 'error_log /dev/null;');
const job = (line: string): string => `jobs:\n  - name: a\n    ${line}\n`;

const pod = '/var/log/pods/ingress-nginx_a_b/controller/0.log';

async function findings(
  conf: string,
  { yaml = '', problem = null as string | null, runs = true, podMode = 0o644 } = {},
) {
  const host = hostTree({
    '/etc/nginx/nginx.conf': conf,
    '/var/log/nginx/error.log': '',
    '/var/log/nginx/access.log': '',
    [pod]: '',
    '/var/log/containers/a_ingress-nginx_controller-1.log': `-> ${pod}`,
  });
  chmodSync(host.prefix + pod, podMode);
  if (runs)
    host.nginx({ pid: 100, title: 'nginx: master process nginx -c /etc/nginx/nginx.conf', workers: { 101: 1 } });
  const identity = { user: 'netdata', uid: 4242, gids: [4242], groupName: String, trial: null };
  const resolve = () => Promise.resolve({ ok: false, code: 'ENOTFOUND' } as const);
  const ports = { fs, hostPrefix: host.prefix, ownUid: 0, resolve, identity };
  const parsed = parseSettings(yaml);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const [settings = defaultSettings.jobs[0]] = parsed.settings.jobs;
  if (settings === undefined) throw new Error('no job');
  const found = runs ? findNginx(ports).running : [];
  const all = found.map((found) => ({ job: 'local', settings, read: readNginx(found, fs) }));
  const said = await checkFindings(
    all,
    problem === null ? null : { path: '/etc/netdata/x.conf', text: problem },
    ports,
    [],
  );
  return said.map(({ severity, code, place }) => `${severity} ${code}${place === '' ? '' : ` ${place}`}`);
}

test.each([
  ['an nginx with all that is needed', complete, {}, []],
  ['no status page', withoutPage, {}, ['warning stub_status_missing']],
  ['a status page that nginx-upstream.conf names', withoutPage, { yaml: job('stub_status: http://127.0.0.1/s') }, []],
  [
    'a log_format without upstreams',
    complete.replace(' up;', ';'),
    {},
    ['warning log_format_without_upstream /etc/nginx/nginx.conf:6'],
  ],
  ['an error log that is thrown away', discarded, {}, ['warning log_discarded /etc/nginx/nginx.conf:2']],
  [
    'another error log that nginx-upstream.conf names',
    discarded,
    { yaml: job('error_log: [/var/log/nginx/error.log, "journal:nginx"]') },
    ['notice error_log_hides_ejections /etc/nginx/nginx.conf:2'],
  ],
  [
    'one that is not there',
    discarded,
    { yaml: job('error_log: /var/log/nginx/none.log') },
    ['error configured_log_unusable', 'notice error_log_hides_ejections /etc/nginx/nginx.conf:2'],
  ],
  [
    'an access log that nginx-upstream.conf names',
    complete,
    { yaml: job('access_log: /var/log/nginx/none.log') },
    ['error configured_log_unusable'],
  ],
  [
    'a pattern of logs that may be read',
    complete,
    { yaml: job('access_log: "cri:/var/log/containers/*_ingress-nginx_controller-*.log"') },
    [],
  ],
  [
    'a pattern of logs that only root may read',
    complete,
    { yaml: job('access_log: "cri:/var/log/containers/*_ingress-nginx_controller-*.log"'), podMode: 0o640 },
    ['error configured_log_unusable'],
  ],
  [
    'a pattern that matches nothing yet',
    complete,
    { yaml: job('access_log: "cri:/var/log/containers/*_kong_proxy-*.log"'), podMode: 0o640 },
    [],
  ],
  [
    'a configuration with a mistake',
    complete.replace(' up;', ' nosuch;'),
    {},
    ['warning configuration_problem /etc/nginx/nginx.conf:6'],
  ],
  ['nginx-upstream.conf is not valid', complete, { problem: 'line 3: no such key' }, ['error settings_invalid']],
  ['no nginx', complete, { runs: false }, ['error nginx_not_found']],
])('%s', async (_, text, more, expected) => {
  expect(await findings(text, more)).toEqual(expected);
});
