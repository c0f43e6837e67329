import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type LogState, logState } from '../../collector/discover/check/log-state.ts';
import { findNginx } from '../../collector/discover/find/find-nginx.ts';
import { readNginx } from '../../collector/discover/follow/read-nginx.ts';
import { discoveredAccessLogs, discoveredErrorLogs } from '../../collector/runtime/plan/log-plan.ts';
import { attempt, nodeFileSystem as fs } from '../../collector/system/fs.ts';
import { trialAs } from '../../collector/system/process/identity.ts';
import { testOn } from '../support/machine.ts';
import { run } from '../support/run.ts';
import { tool } from '../support/servers/packages.ts';
import { tempDir } from '../support/temp.ts';
import { type HostTree, hostTree } from './host-tree.ts';

const id = '0123456789ab'.padEnd(64, 'c');
const title = 'nginx: master process nginx -g daemon off;';
const conf = `error_log /var/log/nginx/error.log; http {
  log_format app '$status "$upstream_addr"'; access_log /var/log/nginx/access.log app;
  server { location / { proxy_pass http://127.0.0.1:1; } } }`;
const reader = { user: 'netdata', uid: 0, gids: [0], groupName: String, trial: null };

interface Engine {
  readonly cgroup: string;
  readonly mount?: string;
  readonly log: string;
  readonly spec: string;
}

const engines: Readonly<Record<string, Engine>> = {
  docker: {
    cgroup: `0::/system.slice/docker-${id}.scope`,
    log: `/var/lib/docker/containers/${id}/${id}-json.log`,
    spec: 'docker:',
  },
  'docker with its data elsewhere': {
    cgroup: `12:pids:/docker/${id}`,
    mount: `51 50 8:2 /docker/containers/${id}/hosts /etc/hosts rw - ext4 /dev/sda2 rw\n`,
    log: `/srv/data/docker/containers/${id}/${id}-json.log`,
    spec: 'docker:',
  },
  "root's podman": {
    cgroup: `0::/machine.slice/libpod-${id}.scope`,
    log: `/var/lib/containers/storage/overlay-containers/${id}/userdata/ctr.log`,
    spec: 'cri:',
  },
};

const overlay = '50 40 0:60 / / rw - overlay overlay rw,lowerdir=/layers/A,upperdir=/layers/up,workdir=/w\n';

/** The official image: its logs are links to the streams of nginx. */
function container({ cgroup, mount = '', log }: Engine, hasLog: boolean): HostTree {
  const host = hostTree({
    '/layers/up/etc/nginx/nginx.conf': conf,
    '/layers/A/var/log/nginx/error.log': '-> /dev/stderr',
    '/layers/A/var/log/nginx/access.log': '-> /dev/stdout',
    ...(hasLog ? { [log]: '' } : {}),
  });
  host.nginx({ pid: 100, title, workers: {}, mountinfo: overlay + mount, cgroup });
  return host;
}

function plans({ prefix }: HostTree) {
  const [found] = findNginx({ fs, hostPrefix: prefix, ownUid: 0 }).running;
  if (found === undefined) throw new Error('no nginx was found');
  const read = readNginx(found, fs);
  const followed = { read, pending: null, previous: [], newLogs: new Set<string>() };
  return {
    errors: discoveredErrorLogs(followed, fs).map(({ spec }) => spec),
    access: discoveredAccessLogs(followed, fs).map(({ spec, formats }) => [spec, formats.map(({ name }) => name)]),
    states: read.configuration.errorLogs.map(({ target }): LogState => logState(fs, found, target, reader)),
  };
}

describe.each(Object.entries(engines))("a container's standard output: %s", (_, engine) => {
  test("is read from the engine's file, with the formats of the configuration, and nothing is configured", () => {
    const host = container(engine, true);
    const spec = `${engine.spec}${host.prefix}${engine.log}`;
    expect(plans(host)).toEqual({ errors: [spec], access: [[spec, ['app']]], states: [{ is: 'readable' }] });
  });

  test('of another log driver, which has no such file, stays a stream', () => {
    const { errors, states } = plans(container(engine, false));
    expect(errors).not.toEqual([expect.stringContaining(engine.log)]);
    expect(states).toMatchObject([{ is: 'stream', target: '/dev/stderr' }]);
  });
});

const drivers: Readonly<Record<string, readonly [Readonly<Record<string, string>>, string, string]>> = {
  'the driver local, which is binary': [{ 'local-logs/container.log': '' }, 'local', id.slice(0, 12)],
  'the same, by its name': [
    { 'local-logs/container.log': '', 'config.v2.json': '{"Name":"/web","Driver":"x"}' },
    'local',
    'web',
  ],
  'journald: nothing is kept there': [{ 'config.v2.json': '{"Name":"/web"}' }, 'other', 'web'],
  'a folder that says nothing': [{ hostname: 'x' }, 'other', id.slice(0, 12)],
  'a file that is no JSON': [{ 'config.v2.json': 'x' }, 'other', id.slice(0, 12)],
};

test.each(Object.entries(drivers))('%s: what check says of it', (_, [files, driver, name]) => {
  const engine = engines['docker'];
  if (engine === undefined) throw new Error('no docker');
  const host = container(engine, false);
  for (const [file, text] of Object.entries(files)) {
    const path = join(host.prefix, 'var/lib/docker/containers', id, file);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
  }
  expect(plans(host).states).toEqual([
    { is: 'stream', target: '/dev/stderr', other: { engine: 'docker', driver, name } },
  ]);
});

test('in a sidecar, which has no engine, nothing is said of its log driver', () => {
  const engine = engines['docker'];
  if (engine === undefined) throw new Error('no docker');
  expect(plans(container(engine, false)).states).toEqual([{ is: 'stream', target: '/dev/stderr' }]);
});

const conmon = (...words: readonly string[]): string => ['/usr/bin/conmon', '-c', id, '-n', 'web', ...words].join('\0');
const podmans: Readonly<Record<string, readonly [string, unknown]>> = {
  'podman, k8s-file with its own path': [conmon('-l', 'k8s-file:/var/log/web.log'), { is: 'readable' }],
  'podman, journald': [
    conmon('-l', 'journald'),
    { is: 'stream', target: '/dev/stderr', other: { engine: 'podman', driver: 'journald', name: 'web' } },
  ],
  'podman, none': [
    conmon('-l', 'none'),
    { is: 'stream', target: '/dev/stderr', other: { engine: 'podman', driver: 'other', name: 'web' } },
  ],
  'podman, and conmon has ended': ['', { is: 'stream', target: '/dev/stderr' }],
};

test.each(Object.entries(podmans))('%s: where its output goes', (_, [cmdline, state]) => {
  const engine = engines["root's podman"];
  if (engine === undefined) throw new Error('no podman');
  const host = container(engine, false);
  host.write({
    '/proc/90/cmdline': cmdline,
    '/proc/90/status': 'Name:\tconmon\nPPid:\t1\n',
    '/proc/90/cgroup': `0::/machine.slice/libpod-conmon-${id}.scope`,
    '/var/log/web.log': '',
  });
  host.nginx({ pid: 100, title, workers: {}, mountinfo: overlay, cgroup: engine.cgroup, parent: 90 });
  expect(plans(host).states).toEqual([state]);
});

testOn('users')(
  'the right that check prints for docker is inherited by the containers to come, and opens no secrets',
  async (context) => {
    const netdata = { ...reader, user: 'nobody', uid: 65_534, gids: [65_534], trial: trialAs(65_534, [65_534]) };
    const engine = engines['docker'];
    if (engine === undefined) throw new Error('no docker');
    const host = container(engine, true);
    const docker = join(host.prefix, 'var/lib/docker');
    const made = (name: string, text: string): string => {
      const folder = join(docker, 'containers', name);
      mkdirSync(folder, { recursive: true });
      for (const each of [docker, join(docker, 'containers'), folder]) chmodSync(each, 0o710);
      writeFileSync(join(folder, `${name}-json.log`), text, { mode: 0o640 });
      writeFileSync(join(folder, 'config.v2.json'), 'SECRET=1', { mode: 0o600 });
      return folder;
    };
    const may = (path: string): boolean => attempt(() => netdata.trial?.(() => fs.close(fs.open(path)))).ok;
    made(id, '');
    const [found] = findNginx({ fs, hostPrefix: host.prefix, ownUid: 0 }).running;
    const target = found && readNginx(found, fs).configuration.errorLogs[0]?.target;
    if (found === undefined || target === undefined) throw new Error('no nginx was found');
    const state = logState(fs, found, target, netdata);
    if (state.is !== 'unreadable') throw new Error(`it is ${state.is}`);

    const { path, env } = await tool('setfacl');
    const bin = tempDir('bin');
    writeFileSync(join(bin, 'setfacl'), `#!/bin/sh\nexec ${path} "$@"\n`, { mode: 0o755 });
    const typed = await run('/bin/sh', ['-ec', state.remedy.join('\n')], {
      env: { ...env, PATH: `${bin}:${process.env['PATH']}` },
    });
    if (/not supported/i.test(typed.stderr)) context.skip('SKIPPED: no access lists on this file system');
    expect([typed.code, typed.stderr]).toEqual([0, '']);
    expect(logState(fs, found, target, netdata)).toEqual({ is: 'readable' });
    const next = made('f'.repeat(64), '');
    expect(may(join(next, `${'f'.repeat(64)}-json.log`))).toBe(true);
    expect([may(join(next, 'config.v2.json')), may(join(docker, 'containers', id, 'config.v2.json'))]).toEqual([
      false,
      false,
    ]);
  },
);
