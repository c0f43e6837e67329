import { expect, test } from 'vitest';
import type { CheckFacts } from '../../../collector/discover/check/facts.ts';
import { type FindingCode, findingCodes } from '../../../collector/discover/check/finding.ts';
import type { LogState } from '../../../collector/discover/check/log-state.ts';
import { commandFor, isAnythingUsable, judgeNginx } from '../../../collector/discover/check/rules/nginx.ts';
import { wordFinding } from '../../../collector/discover/check/words/wording.ts';
import { namesToResolve, withAddresses } from '../../../collector/nginx/peers.ts';
import { nodeFileSystem } from '../../../collector/system/fs.ts';
import { configurationOf } from '../../nginx/memory-files.ts';
import { runningArgs as args, checkFacts, foundNginx as found, runningMaster as master } from './kit.ts';

interface Circumstances {
  readonly state?: LogState;
  readonly addresses?: Readonly<Record<string, readonly string[]>>;
  readonly facts?: Partial<CheckFacts>;
}

function factsOf(
  text: string,
  { state = { is: 'readable' }, addresses = {}, facts = {} }: Circumstances = {},
): CheckFacts {
  const read = configurationOf(text);
  const unresolved = namesToResolve(read).map((name): [string, readonly string[]] => [name, []]);
  const names = new Map([...unresolved, ...Object.entries(addresses)]);
  const configuration = withAddresses(read, names);
  return { ...checkFacts(configuration, names, { error: state, access: state }), ...facts };
}

const format = `log_format full '$status $request_time $proxy_host $upstream_addr $upstream_status'
  ' $upstream_connect_time $upstream_response_time';`;
const status = 'server { location /status { stub_status; } }';
/** A configuration that lacks nothing, but for what a case puts in. */
const http = ({ log = 'access_log /a.log full;', location = 'proxy_pass http://10.0.0.1:80;', more = '' } = {}) =>
  `http { ${format} ${log} ${status} server { location / { ${location} } } ${more} }`;
const errorLog = 'error_log /e.log warn;';
const complete = `${errorLog} ${http()}`;

test('a log that nginx-upstream.conf replaces may be what it likes', () => {
  const facts = factsOf(complete, {
    state: { is: 'replaced' },
    facts: { configured: [{ use: 'error_log', spec: 'journal:nginx', path: null, state: { is: 'pattern' } }] },
  });
  expect(judgeNginx(facts)).toEqual([]);
  expect(isAnythingUsable(facts)).toBe(true);
});

test('nothing is missing where nothing is', () => {
  const facts = factsOf(complete);
  expect(judgeNginx(facts)).toEqual([]);
  expect(isAnythingUsable(facts)).toBe(true);
});

const localhost = 'proxy_pass http://localhost:3000;';
const shared =
  'upstream a { server 1.1.1.1 max_fails=2; server 1.1.1.2 max_fails=2; } upstream b { server 1.1.1.1 max_fails=0; }';
const noHost =
  "log_format noh '$status $request_time $upstream_addr $upstream_status $upstream_connect_time $upstream_response_time';";

const cases: readonly [FindingCode, string, CheckFacts, string | RegExp][] = [
  [
    'nginx_not_running',
    'no process',
    factsOf(complete, { facts: { found: { ...found, master: null } } }),
    '/etc/nginx/nginx.conf',
  ],
  [
    'container_unreachable',
    'no file of a container can be read',
    factsOf(complete, {
      facts: {
        found: { ...found, master: { ...master, container: 'abc' } },
        configuration: { ...configurationOf(complete), files: [] },
      },
    }),
    'abc',
  ],
  [
    'configuration_unreadable',
    'an include may not be read',
    {
      ...factsOf(complete),
      configuration: configurationOf(`include secret; ${complete}`, { '/etc/nginx/secret': null }),
    },
    '/etc/nginx/nginx.conf',
  ],
  ['configuration_problem', 'a brace too many', factsOf(`${complete} }`), '/etc/nginx/nginx.conf'],
  [
    'configuration_too_large',
    'more servers than are watched',
    factsOf(`${complete} http { upstream a { ${'server 10.0.0.1 max_fails=2; '.repeat(20_001)} } }`),
    '/etc/nginx/nginx.conf',
  ],
  [
    'configuration_not_loaded',
    'a file is younger than the workers',
    factsOf(complete, { facts: { changedSince: ['/x'] } }),
    '/x',
  ],
  [
    'configured_log_unusable',
    'a path of nginx-upstream.conf with a typing error',
    factsOf(complete, {
      facts: { configured: [{ use: 'error_log', spec: '/eror.log', path: '/eror.log', state: { is: 'missing' } }] },
    }),
    '/eror.log',
  ],
  ['log_missing', 'no file', factsOf(complete, { state: { is: 'missing' } }), '/e.log'],
  [
    'log_is_stream',
    'the docker image',
    factsOf(complete, { state: { is: 'stream', target: '/dev/stdout' } }),
    '/e.log',
  ],
  ['log_is_fifo', 'a FIFO', factsOf(complete, { state: { is: 'fifo' } }), '/e.log'],
  ['log_is_folder', 'a folder', factsOf(complete, { state: { is: 'folder' } }), '/e.log'],
  ['log_discarded', '/dev/null', factsOf(complete, { state: { is: 'discarded' } }), '/e.log'],
  ['log_in_memory', 'memory', factsOf(`error_log memory:1m warn; ${http()}`, { state: { is: 'memory' } }), 'memory'],
  [
    'log_unreadable',
    'another group',
    factsOf(complete, {
      state: { is: 'unreadable', barriers: [], remedy: ['usermod -aG adm netdata'] },
    }),
    '/e.log',
  ],
  [
    'log_unreadable',
    'a closed folder',
    factsOf(complete, {
      state: { is: 'unreadable', barriers: [], remedy: ['setfacl -m u:netdata:x /private'] },
    }),
    '/e.log',
  ],
  ['log_compressed', 'gzip', factsOf(`${errorLog} ${http({ log: 'access_log /a.gz full gzip flush=1s;' })}`), '/a.gz'],
  [
    'log_syslog_unix',
    'a unix socket',
    factsOf(`error_log syslog:server=unix:/dev/log warn; ${http()}`, {
      state: { is: 'syslog', server: 'unix:/dev/log', unix: true },
    }),
    'unix:/dev/log',
  ],
  [
    'log_syslog_local',
    'a port of this host',
    factsOf(`error_log syslog:server=127.0.0.1:5140 warn; ${http()}`, {
      state: { is: 'syslog', server: '127.0.0.1:5140', unix: false },
    }),
    '127.0.0.1:5140',
  ],
  [
    'log_syslog_remote',
    'another host',
    factsOf(`error_log syslog:server=10.9.9.9 warn; ${http()}`, {
      state: { is: 'syslog', server: '10.9.9.9', unix: false },
    }),
    '10.9.9.9',
  ],
  [
    'access_log_off',
    'off',
    factsOf(`${errorLog} ${http({ location: 'access_log off; proxy_pass http://10.0.0.1;' })}`),
    /nginx.conf:2/,
  ],
  ['error_log_hides_refusals', 'crit', factsOf(`error_log /e.log crit; ${http()}`), '/e.log'],
  ['error_log_hides_ejections', 'the default level', factsOf(`error_log /e.log; ${http()}`), '/e.log'],
  [
    'log_format_without_upstream',
    'combined',
    factsOf(`${errorLog} ${http({ log: 'access_log /a.log;' })}`),
    'combined',
  ],
  [
    'log_format_without_proxy_host',
    'two upstreams with one peer',
    factsOf(`${errorLog} ${http({ log: `${noHost} access_log /a.log noh;`, more: shared })}`),
    '1.1.1.1:80',
  ],
  ['log_conditional', 'if=', factsOf(`${errorLog} ${http({ log: 'access_log /a.log full if=$x;' })}`), '/a.log'],
  ['log_buffered', 'no flush', factsOf(`${errorLog} ${http({ log: 'access_log /a.log full buffer=64k;' })}`), '/a.log'],
  [
    'name_not_from_here',
    'in a container',
    factsOf(`${errorLog} ${http({ location: localhost })}`, {
      facts: { found: { ...found, master: { ...master, container: 'abc' } } },
    }),
    'localhost',
  ],
  [
    'stub_status_elsewhere',
    'its own network',
    factsOf(complete, { facts: { found: { ...found, hasOwnNetwork: true } } }),
    found.confPath,
  ],
  [
    'names_not_asked',
    'a resolver that does not answer',
    factsOf(`${errorLog} ${http({ location: localhost })}`, {
      facts: { addresses: new Map(), openNames: { wanted: 1, late: 1, beyond: 0 } },
    }),
    found.confPath,
  ],
  ['name_unresolved', 'no address', factsOf(`${errorLog} ${http({ location: localhost })}`), 'localhost'],
  [
    'name_moved',
    'the log has another address',
    factsOf(`${errorLog} ${http({ location: 'proxy_pass http://app.local:81;' })}`, {
      addresses: { 'app.local': ['10.0.0.7'] },
      facts: { strangers: ['10.0.0.6:81', '10.0.0.6:82'] },
    }),
    'app.local',
  ],
  [
    'localhost_two_addresses',
    '::1 and 127.0.0.1',
    factsOf(`${errorLog} ${http({ location: localhost })}`, { addresses: { localhost: ['::1', '127.0.0.1'] } }),
    'localhost',
  ],
  [
    'single_server',
    'one server',
    factsOf(`${errorLog} ${http({ more: 'upstream a { server 1.1.1.1 weight=5; }' })}`),
    'a',
  ],
  [
    'max_fails_one',
    'the default',
    factsOf(`${errorLog} ${http({ more: 'upstream a { server 1.1.1.1; server 1.1.1.2:81 fail_timeout=5s; }' })}`),
    'a',
  ],
  [
    'stub_status_missing',
    'no location',
    factsOf(
      `${errorLog} http { ${format} access_log /a.log full; server { location / { proxy_pass http://1.1.1.1; } } }`,
    ),
    '/etc/nginx/nginx.conf',
  ],
  [
    'stub_status_unreachable',
    'closed',
    factsOf(`${errorLog} http { server { location /s { stub_status; deny all; } } }`),
    'http://127.0.0.1/s',
  ],
  ['kernel_too_old', '6.1', factsOf(complete, { facts: { kernel: '6.1.0-18-amd64' } }), '6.1.0-18-amd64'],
];

test.each(cases)('%s: %s', (code, _, facts, subject) => {
  const found = judgeNginx(facts).filter((each) => each.code === code);
  expect(found.map((each) => each.subject)).toContainEqual(expect.stringMatching(subject));
  for (const each of found) {
    const { what, why, remedy } = wordFinding(each);
    expect(`${what} ${why} ${remedy}`).not.toMatch(/undefined|null|\{nginx\}/);
  }
});

test('every code has a case here, or is about the plugin itself, its alerts, or who asks', () => {
  const shown = new Set(cases.map(([code]) => code));
  expect(findingCodes.filter((code) => !shown.has(code))).toEqual([
    'settings_invalid',
    'nginx_not_found',
    'needs_root',
    'alerts_missing',
    'alerts_outdated',
    'alerts_of_other_netdata',
    'alerts_changed',
  ]);
});

const remedyOf = (code: FindingCode, facts: CheckFacts) =>
  judgeNginx(facts)
    .filter((each) => each.code === code)
    .map((each) => wordFinding(each).remedy)
    .join('\n');

test('the remedy names this nginx, its lines and its parameters', () => {
  const started = { ...master, args: { ...args, program: '/opt/n/sbin/nginx', prefix: '/opt/n', conf: 'c.conf' } };
  const text = `${errorLog}\n${http({
    more: 'upstream a {\n server 1.1.1.1 weight=2;\n server [::1]:81 max_fails=1 fail_timeout=5s backup; }',
  })}`;
  const remedy = remedyOf('max_fails_one', factsOf(text, { facts: { found: { ...found, master: started } } }));
  expect(remedy).toContain('nginx.conf:4  server 1.1.1.1 weight=2 max_fails=3;');
  expect(remedy).toContain('nginx.conf:5  server [::1]:81 max_fails=3 fail_timeout=5s backup;');
  expect(remedy).toContain(
    '/opt/n/sbin/nginx -p /opt/n -c c.conf -t && /opt/n/sbin/nginx -p /opt/n -c c.conf -s reload',
  );
});

test.each([
  ['a placeholder alone', 'server 0.0.0.1; balancer_by_lua_block { }'],
  ['real addresses that only Lua uses', 'server 10.0.0.1; server 10.0.0.2; balancer_by_lua_file /x.lua;'],
  ['one real address', 'server 10.0.0.1; balancer_by_lua_block { }'],
  ['a placeholder without Lua', 'server 0.0.0.1 down;'],
  ['nothing but a state file', 'zone a 64k; state /var/lib/nginx/a.state;'],
])('what Lua balances needs no advice: %s', (_, group) => {
  expect(judgeNginx(factsOf(`${errorLog} ${http({ more: `upstream a { ${group} }` })}`))).toEqual([]);
});

test.each(['/proc/1/fd', '/proc/1/fd/1', '/dev/stdout', '/proc/812/root', '/sys/x'])(
  'nobody is asked to change the mode of what the kernel makes: %s',
  (path) => {
    const barriers = [{ path, isFolder: true, stat: { ...nodeFileSystem.stat('/'), mode: 0o500 } }];
    const state: LogState = { is: 'unreadable', barriers, remedy: [`setfacl -m u:netdata:x ${path}`] };
    const remedy = remedyOf('log_unreadable', factsOf(complete, { state }));
    expect(remedy).not.toMatch(/chmod|chgrp|usermod|setfacl/);
    expect(remedy).toContain('docker:');
  },
);

test.each([
  ['docker', 'local', /binary format.*--log-driver json-file/s],
  ['docker', 'other', /journal:web .*--log-driver json-file/s],
  ['podman', 'journald', /The container writes to the journal.*error_log: journal:web /s],
  ['podman', 'other', /--log-driver journald.*error_log: journal:web /s],
] as const)("a container's output that %s keeps by the driver %s", (engine, driver, says) => {
  const state: LogState = { is: 'stream', target: '/dev/stderr', other: { engine, driver, name: 'web' } };
  const remedy = remedyOf('log_is_stream', factsOf(complete, { state }));
  expect(remedy).toMatch(says);
  expect(remedy).not.toContain('ID-json.log');
});

test.each(['stream', 'fifo', 'folder'] as const)('the usual path is no way out of itself: %s', (is) => {
  const state = (is === 'stream' ? { is, target: '/dev/stderr' } : { is }) as LogState;
  const text = complete.replace('/e.log', '/var/log/nginx/error.log');
  expect(remedyOf(`log_is_${is}`, factsOf(text, { state }))).toContain('/var/log/nginx/upstream-error.log');
});

test('a log beside it that has the variables is enough', () => {
  const text = `${errorLog} ${http({ log: 'access_log /a.log; access_log /b.log full;' })}`;
  expect(judgeNginx(factsOf(text))).toEqual([]);
});

test('what nothing passes through needs no upstream variables', () => {
  const text = `error_log /e.log; http { ${status} server { access_log /s.log; } }`;
  expect(judgeNginx(factsOf(text))).toEqual([]);
});

test('a dump shows nothing about processes', () => {
  expect(judgeNginx(factsOf(complete, { facts: { found: { ...found, master: null }, dumped: true } }))).toEqual([]);
});

test.each([
  ['the host', null, null, 'nginx'],
  ['docker', 'abc', 'docker', 'docker exec abc nginx'],
  ['Kubernetes', 'abc', 'crictl', 'crictl exec abc nginx'],
  ['podman', 'abc', 'podman', 'podman exec abc nginx'],
  ['another root, whatever made it', 'namespace', null, '# inside the container of pid 7: nginx'],
] as const)('an nginx is spoken to where it is: %s', (_, container, runtime, expected) => {
  expect(commandFor({ ...found, master: { ...master, pid: 7, container, runtime } })).toBe(expected);
});
