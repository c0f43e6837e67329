import { describe, expect, test } from 'vitest';
import { parseSettings } from '../../collector/config/parse.ts';
import { defaultSettings } from '../../collector/config/settings.ts';

describe('a good file', () => {
  test.each([
    ['empty', ''],
    ['only comments', '# nothing\n'],
    ['explicit nothing', 'jobs:\n'],
    ['null document', '~\n'],
  ])('%s is the default', (_name, text) => {
    expect(parseSettings(text)).toEqual({ ok: true, settings: defaultSettings });
  });

  test('everything said', () => {
    const text = `
update_every: 2
max_peers: 10
max_configured_peers: 300
probe: off
peer_charts: failing
jobs:
  - name: edge
    nginx_conf: dump:/tmp/nginx-T.txt
    error_log: [/var/log/nginx/error.log, syslog:udp://127.0.0.1:5514]
    access_log:
      - path: /var/log/nginx/*.access.log
        format: '$remote_addr $upstream_connect_time'
      - docker:/var/lib/docker/containers/x/x-json.log
    stub_status: http://127.0.0.1/stub_status
  - name: second
    error_log: journal:nginx
`;
    expect(parseSettings(text)).toEqual({
      ok: true,
      settings: {
        updateEvery: 2,
        maxPeers: 10,
        maxConfiguredPeers: 300,
        probe: 'off',
        peerCharts: 'failing',
        jobs: [
          {
            name: 'edge',
            nginxConf: 'dump:/tmp/nginx-T.txt',
            errorLogs: ['/var/log/nginx/error.log', 'syslog:udp://127.0.0.1:5514'],
            accessLogs: [
              { path: '/var/log/nginx/*.access.log', format: '$remote_addr $upstream_connect_time' },
              { path: 'docker:/var/lib/docker/containers/x/x-json.log', format: null },
            ],
            stubStatus: ['http://127.0.0.1/stub_status'],
          },
          { name: 'second', nginxConf: null, errorLogs: ['journal:nginx'], accessLogs: null, stubStatus: null },
        ],
      },
    });
  });
});

describe('every problem is named with its line', () => {
  test.each([
    ['unknown key', 'update_evry: 1', ["1: unknown key 'update_evry'"]],
    [
      'two problems, both named',
      'update_every: 0\nmax_peers: many',
      ['1: update_every must be an integer from 1 to 3600', '2: max_peers must be'],
    ],
    ['fraction', 'update_every: 1.5', ['1: update_every must be an integer']],
    ['wrong word', 'probe: sometimes', ['1: probe must be one of off, on-failure, always']],
    ['wrong word for charts', 'peer_charts: none', ['1: peer_charts must be one of all, failing, auto']],
    ['a list at the top', '- a\n', ['1: the configuration must be a mapping']],
    ['a text at the top', 'hello', ['1: the configuration must be a mapping']],
    ['jobs is no list', 'jobs: edge', ['1: jobs must be a list']],
    ['no jobs', 'jobs: []', ['1: jobs must not be empty']],
    ['a job without a name', 'jobs:\n  - error_log: /x', ['2: a job must have a name']],
    ['the same name twice', 'jobs:\n  - name: a\n  - name: a', ["3: two jobs are called 'a'"]],
    ['a name that would not fit', "jobs:\n  - name: 'a b'", ["2: the job name 'a b' must be"]],
    ['a relative path', 'jobs:\n  - name: a\n    error_log: logs/error.log', ['3: error_log must be an absolute path']],
    [
      'a relative path in a list',
      'jobs:\n  - name: a\n    error_log:\n      - /x\n      - y',
      ['5: error_log must be'],
    ],
    [
      'an access log without a path',
      'jobs:\n  - name: a\n    access_log:\n      - format: x',
      ['4: an access_log must have a path'],
    ],
    [
      'a status page that is no URL',
      'jobs:\n  - name: a\n    stub_status: localhost/status',
      ['3: stub_status must be an http'],
    ],
    ['broken YAML', 'jobs:\n  - name: "a\n', ['3: Missing closing "quote']],
    ['the same key twice', 'probe: off\nprobe: off', ["2: the key 'probe' stands twice in the configuration"]],
    ['a tab', 'jobs:\n\t- name: a', ['2: ']],
    ['binary', '\0\x01\x02', ['1: ']],
  ])('%s', (_name, text, expected) => {
    const parsed = parseSettings(text);
    expect(parsed.ok).toBe(false);
    if (parsed.ok) return;
    const said = parsed.problems.map((problem) => `${problem.line}: ${problem.text}`);
    for (const part of expected) expect(said.join('\n')).toContain(part);
    expect(said.length).toBeGreaterThanOrEqual(expected.length);
  });
});
