import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { matchingFiles } from '../../collector/source/glob.ts';
import { dockerLogs, type LogSpec, nginxFile, parseLogSpec, specText } from '../../collector/source/log-spec.ts';
import { nodeFileSystem } from '../../collector/system/fs.ts';
import { privateFolder } from './tail-kit.ts';

describe('what a log may be named', () => {
  const cases: Record<string, LogSpec> = {
    '/var/log/nginx/error.log': { is: 'file', path: '/var/log/nginx/error.log', wrapping: 'none' },
    '/var/log/nginx/*.log': { is: 'glob', pattern: '/var/log/nginx/*.log', wrapping: 'none' },
    '/var/log/nginx/$host.access.log': { is: 'glob', pattern: '/var/log/nginx/*.access.log', wrapping: 'none' },
    '/var/log/${host}/a$x.log': { is: 'glob', pattern: '/var/log/*/a*.log', wrapping: 'none' },
    'docker:/c/*/*-json.log': { is: 'glob', pattern: '/c/*/*-json.log', wrapping: 'docker' },
    'cri:/var/log/pods/web/0.log': { is: 'file', path: '/var/log/pods/web/0.log', wrapping: 'cri' },
    'syslog:udp://127.0.0.1:5514': { is: 'syslog', address: '127.0.0.1', port: 5514 },
    'syslog:udp://[::1]:5514': { is: 'syslog', address: '::1', port: 5514 },
    'syslog:udp://localhost': { is: 'syslog', address: '127.0.0.1', port: 514 },
    '/l/\\[2026-11\\].log': { is: 'file', path: '/l/[2026-11].log', wrapping: 'none' },
    '/l/\\$host.log': { is: 'file', path: '/l/$host.log', wrapping: 'none' },
    '/l/\\[x\\]/*.log': { is: 'glob', pattern: '/l/\\[x\\]/*.log', wrapping: 'none' },
    '/l/[a-c].log': { is: 'glob', pattern: '/l/[a-c].log', wrapping: 'none' },
    'docker:/c/\\*.log': { is: 'file', path: '/c/*.log', wrapping: 'docker' },
    'docker:web': { is: 'glob', pattern: dockerLogs, wrapping: 'docker', container: 'web' },
    'docker:shop-web-1': { is: 'glob', pattern: dockerLogs, wrapping: 'docker', container: 'shop-web-1' },
    'docker:web_1.log': { is: 'glob', pattern: dockerLogs, wrapping: 'docker', container: 'web_1.log' },
    'docker:0123456789ab': { is: 'glob', pattern: dockerLogs, wrapping: 'docker', container: '0123456789ab' },
    'docker:./web': { is: 'file', path: './web', wrapping: 'docker' },
    'cri:web': { is: 'file', path: 'web', wrapping: 'cri' },
    'journal:nginx': { is: 'journal', match: 'nginx' },
    'journal:openresty.service': { is: 'journal', match: 'openresty.service' },
  };
  test.each(Object.entries(cases))('%s', (text, spec) => {
    expect(parseLogSpec(text)).toEqual(spec);
    expect(parseLogSpec(specText(spec))).toEqual(spec);
  });

  const literal = [
    '/x/[2026-11].log',
    '/x/[z-a].log',
    '/x/a*b?.log',
    '/x/[',
    '/x/[!a',
    '/x/back\\slash',
    '/x/$host.log',
  ];
  test.each([...literal, '/x/[[:digit:]].log', '/x/{a,b}.log', '/x/a b\n.log', '/x/müller☃.log'])(
    'a path of nginx.conf is a path, whatever its characters: %j',
    (path) => {
      const spec: LogSpec = { is: 'file', path, wrapping: 'none' };
      expect(nginxFile(path, false)).toEqual(spec);
      expect(parseLogSpec(specText(spec))).toEqual(spec);
    },
  );

  test('variables of an access_log stand for anything, all else in its path for itself', () => {
    const cases: Record<string, string> = {
      '/l/$server_name-$year.log': '/l/*-*.log',
      '/l/[x]/$host.log': '/l/\\[x\\]/*.log',
      '/l/a*b/${host}.log': '/l/a\\*b/*.log',
      '/l/?/$host.log': '/l/\\?/*.log',
      '/l/\\/$host.log': '/l/\\\\/*.log',
    };
    for (const [path, pattern] of Object.entries(cases))
      expect(nginxFile(path, true)).toEqual({ is: 'glob', pattern, wrapping: 'none' });
    expect(nginxFile('/x/[2026-11].log', true)).toMatchObject({ is: 'file' });
  });

  const unusable: Record<string, [code: string, says: RegExp]> = {
    'syslog:server=unix:/dev/log,nohostname': ['unix_syslog', /syslog:server=127\.0\.0\.1:5514.*journal:nginx/],
    'syslog:server=unix:/var/run/x.sock': [
      'unix_syslog',
      /^syslog:server=unix:\/var\/run\/x\.sock: .*cannot be received/,
    ],
    'syslog:server=logs.example.com:514': ['syslog_elsewhere', /sent away/],
    'syslog:server=127.0.0.1:5514,facility=local7,tag=edge': ['not_bound', /write syslog:udp:\/\/127.0.0.1:5514 into/],
    'syslog:server=[::1]:5140': ['not_bound', /write syslog:udp:\/\/\[::1\]:5140 into/],
    'syslog:server=localhost': ['not_bound', /write syslog:udp:\/\/127.0.0.1:514 into/],
    'syslog:server=127.0.0.1:99999': ['syslog_elsewhere', /log to a file/],
    'syslog:server=': ['syslog_elsewhere', /log to a file/],
    'syslog:udp://127.0.0.1:99999': ['syntax', /an address and a port/],
    'syslog:udp://300.0.0.1:514': ['syntax', /an address and a port/],
    'syslog:': ['syntax', /an address and a port/],
    'memory:32m': ['memory', /log to a file as well/],
    stderr: ['stream', /journal:nginx/],
    'docker:': ['syntax', /no file is named/],
    'journal:': ['syntax', /journal:NAME/],
    'journal:a b': ['syntax', /journal:NAME/],
    '': ['syntax', /an empty path/],
  };
  test.each(Object.entries(unusable))('%s is explained', (text, [code, says]) => {
    const spec = parseLogSpec(text);
    expect(spec).toMatchObject({ is: 'unusable', problem: { code, text: expect.stringMatching(says) } });
  });
});

describe('globs', () => {
  function files(...paths: string[]): string {
    const folder = privateFolder();
    for (const path of paths) {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), '');
    }
    return folder;
  }

  const cases: Record<string, [pattern: string, matches: string[]]> = {
    'a star': ['*.log', ['a+(b).log', 'a.log', 'b.log']],
    'a question mark': ['?.log', ['a.log', 'b.log']],
    'a class': ['[a-a].log', ['a.log']],
    'a negated class': ['[!a].log', ['b.log']],
    'a directory': ['*/x.log', ['d/x.log', 'e/x.log']],
    'a fixed name below a star': ['*/y.log', ['e/y.log']],
    'special characters of regular expressions': ['a+(b).l?g', ['a+(b).log']],
    'a dot only when written': ['.*.log', ['.hidden.log']],
    nothing: ['*.txt', []],
    'a directory that is not there': ['none/*.log', []],
  };
  test.each(Object.entries(cases))('%s', (_, [pattern, matches]) => {
    const folder = files('a.log', 'b.log', '.hidden.log', 'd/x.log', 'e/x.log', 'e/y.log', 'a+(b).log', 'c.gz');
    expect(matchingFiles(nodeFileSystem, { pattern: join(folder, pattern) })).toEqual(
      matches.map((name) => join(folder, name)),
    );
  });
});
