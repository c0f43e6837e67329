import { expect, test } from 'vitest';
import { lookAfterEnded } from '../../../collector/discover/find/ended.ts';
import { nodeFileSystem as fs } from '../../../collector/system/fs.ts';
import { hostTree } from '../host-tree.ts';

const config = (name: string, state: object, path = 'nginx', args: readonly string[] = ['-g', 'daemon off;']) =>
  JSON.stringify({ State: { Running: false, ExitCode: 1, ...state }, Path: path, Args: args, Name: `/${name}` });
const file = (id: string) => `/var/lib/docker/containers/${id.repeat(64)}/config.v2.json`;
const list = 'systemctl status nginx';

const told: Readonly<Record<string, readonly [Readonly<Record<string, string>>, string]>> = {
  'no engine': [{}, list],
  'docker, which keeps its files from us': [{ '/var/lib/docker/x': '' }, `${list}    # in a container: docker ps -a`],
  'docker and podman': [
    { '/var/lib/docker/x': '', '/var/lib/containers/storage/x': '' },
    `${list}    # in a container: docker ps -a, podman ps -a`,
  ],
  'a container that cannot start: a name that does not resolve': [
    { [file('a')]: config('web', { Running: true, Restarting: true }) },
    'docker logs --tail 20 web    # the container is started again and again, exit code 1',
  ],
  'one that was stopped': [
    { [file('a')]: config('web', { ExitCode: 0 }) },
    'docker logs --tail 20 web    # the container has ended, exit code 0',
  ],
  'by the entrypoint of the official image': [
    { [file('a')]: config('edge', {}, '/docker-entrypoint.sh', ['nginx', '-g', 'daemon off;']) },
    'docker logs --tail 20 edge    # the container has ended, exit code 1',
  ],
  'of two the one that ended last': [
    {
      [file('a')]: config('old', { FinishedAt: '2026-01-01T00:00:00Z' }),
      [file('b')]: config('new', { FinishedAt: '2026-11-28T23:00:00.123456789Z' }),
    },
    'docker logs --tail 20 new    # the container has ended, exit code 1',
  ],
  'one that restarts before one that ended': [
    {
      [file('a')]: config('old', { FinishedAt: '2026-11-28T23:00:00Z' }),
      [file('b')]: config('loop', { Restarting: true, FinishedAt: '2026-01-01T00:00:00Z' }),
    },
    'docker logs --tail 20 loop    # the container is started again and again, exit code 1',
  ],
  'another application that ended': [
    { [file('a')]: config('app', {}, 'node', ['nginx.js']) },
    `${list}    # in a container: docker ps -a`,
  ],
  'one that runs': [
    { [file('a')]: config('web', { Running: true, Pid: 77 }), '/proc/77/stat': '' },
    `${list}    # in a container: docker ps -a`,
  ],
  'one that was started again, and waits for a name that does not resolve': [
    {
      [file('a')]: config('web', { Running: true, Pid: 77 }).replace('"Path"', '"RestartCount":3,"Path"'),
      '/proc/77/stat': '',
    },
    'docker logs --tail 20 web    # the container is started again and again',
  ],
  'one that runs by what docker wrote a moment ago, and has ended since': [
    { [file('a')]: config('web', { Running: true, Pid: 77 }).replace('"Path"', '"RestartCount":3,"Path"') },
    'docker logs --tail 20 web    # the container is started again and again',
  ],
  'a name that is none': [{ [file('a')]: config('$(x)', {}) }, `${list}    # in a container: docker ps -a`],
  'a file that is none': [{ [file('a')]: '[' }, `${list}    # in a container: docker ps -a`],
};

test.each(Object.entries(told))('why nginx does not run: %s', (_, [files, expected]) => {
  expect(lookAfterEnded(fs, hostTree(files).prefix)).toBe(expected);
});
