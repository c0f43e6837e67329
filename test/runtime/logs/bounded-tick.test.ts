/** One tick is bounded, however much has been written, and the logs share it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nodeFileSystem } from '../../../collector/system/fs.ts';
import { refusedLine, runtime } from '../world.ts';

const line = refusedLine('10.0.0.1:80');
/** What time reading takes, on a machine that reads so fast. */
const bytesPerMs = 40_000;

function slow(logs: Readonly<Record<string, number>>, yaml: (root: string) => string, openUs = 0) {
  const clockUs = { now: 1_000_000_000 };
  const readBytes = { total: 0 };
  const world = runtime(Object.fromEntries(Object.keys(logs).map((path) => [path, ''])), {
    ports: {
      clock: { wallMs: () => Date.now(), monotonicUs: () => clockUs.now, sleep: () => Promise.resolve() },
      fs: {
        ...nodeFileSystem,
        open(path) {
          clockUs.now += openUs;
          return nodeFileSystem.open(path);
        },
        read(fd, into, length, position) {
          const got = nodeFileSystem.read(fd, into, length, position);
          readBytes.total += got;
          clockUs.now += (got / bytesPerMs) * 1000;
          return got;
        },
      },
    },
  });
  world.apply(yaml(world.host.prefix));
  const tick = async () => {
    clockUs.now += 1_000_000;
    const before = clockUs.now;
    await world.tick();
    return (clockUs.now - before) / 1000;
  };
  const fill = () => {
    for (const [path, megabytes] of Object.entries(logs))
      writeFileSync(join(world.host.prefix, path), line.repeat(Math.ceil((megabytes * 1024 * 1024) / line.length)));
  };
  return { world, tick, fill, readBytes };
}

describe('much has been written at once', () => {
  const names = Array.from({ length: 20 }, (_, at) => `/l/${at}.log`);
  const cases: Record<string, { logs: Record<string, number>; yaml: string }> = {
    '20 logs of one job, 4 MB each': {
      logs: Object.fromEntries(names.map((path) => [path, 4])),
      yaml: `jobs:\n  - name: j0\n    error_log: [${names.join(', ')}]\n`,
    },
    'as a pattern': {
      logs: Object.fromEntries(names.map((path) => [path, 4])),
      yaml: 'jobs:\n  - name: j0\n    error_log: /l/*.log\n',
    },
    '20 jobs with a log each': {
      logs: Object.fromEntries(names.map((path) => [path, 4])),
      yaml: `jobs:\n${names.map((path, at) => `  - name: j${at}\n    error_log: ${path}\n`).join('')}`,
    },
    'one log of 50 MB beside one of 1 MB': {
      logs: { '/l/large': 50, '/l/small': 1 },
      yaml: 'jobs:\n  - name: j0\n    error_log: [/l/large, /l/small]\n',
    },
    'one log of 50 MB': { logs: { '/l/large': 50 }, yaml: 'jobs:\n  - name: j0\n    error_log: /l/large\n' },
  };
  test.each(Object.entries(cases))(
    '%s: no tick takes a second, and every line is counted',
    { timeout: 240_000 },
    async (_, of) => {
      const { world, tick, fill } = slow(of.logs, () => of.yaml);
      for (let at = 0; at < 6; at++) await tick();
      fill();
      const lines = Object.keys(of.logs).reduce(
        (sum, path) => sum + readFileSync(join(world.host.prefix, path)).length / line.length,
        0,
      );
      const counted = () => world.jobs().reduce((sum, job) => sum + (world.values(`${job}.log_lines`)['read'] ?? 0), 0);
      const took: number[] = [];
      for (let at = 0; at < 60 && counted() < lines; at++) took.push(await tick());
      expect(counted()).toBe(lines);
      expect(Math.max(...took)).toBeLessThan(800);
    },
  );

  test.each([
    ['logs of one job', 'jobs:\n  - name: j0\n    error_log: [/l/0, /l/1, /l/2]\n'],
    ['both logs of a job', 'jobs:\n  - name: j0\n    error_log: [/l/0, /l/1]\n    access_log: /l/2\n'],
    ['patterns', 'jobs:\n  - name: j0\n    error_log: [/l/0*, /l/1*, /l/2*]\n'],
    ['two jobs', 'jobs:\n  - name: j0\n    error_log: [/l/0, /l/1]\n  - name: j1\n    error_log: /l/2\n'],
    ['a log that is not there yet', 'jobs:\n  - name: j0\n    error_log: [/l/none, /l/0, /l/1, /l/2]\n'],
  ])('no log’s beginning waits for a machine that is late: %s', async (_, yaml) => {
    const { world, tick } = slow({ '/l/0': 0, '/l/1': 0, '/l/2': 0 }, () => yaml, 1_000_000);
    while (world.jobs().length === 0) await tick();
    for (const name of ['0', '1', '2']) world.append(`/l/${name}`, line);
    for (let at = 0; at < 8; at++) await tick();
    expect(world.jobs().reduce((sum, job) => sum + (world.values(`${job}.log_lines`)['read'] ?? 0), 0)).toBe(3);
  });

  test('the small one is not behind the large one', async () => {
    const { world, tick, fill } = slow({ '/l/large': 50, '/l/small': 1 }, () =>
      ['large', 'small']
        .map((name) => `  - name: ${name}\n    error_log: /l/${name}\n`)
        .join('')
        .replace(/^/, 'jobs:\n'),
    );
    for (let at = 0; at < 6; at++) await tick();
    fill();
    await tick();
    expect(world.values('small.log_behind')['bytes']).toBe(0);
    expect(world.values('large.log_behind')['bytes']).toBeGreaterThan(20_000_000);
  });
});
