/**
 * install.sh --demo of a release, as a user runs it: it ends, survives kill -9, and leaves no process, port or
 * file. A clone would be built first, with npm ci, which is nothing for a test to do.
 */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { processesOf } from '../../../demo/folder.ts';
import { platform } from '../../../demo/programs.ts';
import { request } from '../../support/network/request.ts';
import { type Child, start } from '../../support/process.ts';
import { repository } from '../../support/repository.ts';
import { run } from '../../support/run.ts';
import { tempDir } from '../../support/temp.ts';
import { waitUntil } from '../../support/wait.ts';

let home = '';

beforeAll(async () => {
  const out = tempDir('release');
  const { code, stderr } = await run(process.execPath, ['release.js', '--plain', out], { cwd: repository });
  if (code !== 0) throw new Error(stderr);
  const [tarball = ''] = readdirSync(out).filter((name) => name.endsWith('.tar.gz'));
  await run('tar', ['-xzf', join(out, tarball), '-C', out]);
  home = join(out, tarball.replace(/\.tar\.gz$/, ''));
});

/** What the tests have unpacked already; where they need nothing unpacked, so does the demo. */
const packages = process.env['NGINX_UPSTREAM_PACKAGES'] ?? join(repository, '.cache/packages', platform());

interface Demo {
  readonly child: Child;
  readonly folder: string;
  readonly page: string;
}

async function startDemo(tmp: string, ...options: readonly string[]): Promise<Demo> {
  const child = start('/bin/sh', [join(home, 'install.sh'), '--demo', ...options], {
    env: { ...process.env, TMPDIR: tmp, NGINX_UPSTREAM_PACKAGES: packages },
    stdin: 'ignore',
    grace: 20_000,
  });
  const opened = await child.waitForLine(/^Open http/, 120_000);
  const [, page = ''] = /(http:\/\/127\.0\.0\.1:\d+)\//.exec(opened) ?? [];
  const [folder = ''] = readdirSync(tmp).filter((name) => name.startsWith('nginx-upstream-demo-'));
  return { child, folder: join(tmp, folder), page };
}

async function expectNothingLeft(tmp: string, { folder, page }: Demo): Promise<void> {
  expect(processesOf(folder)).toEqual([]);
  await expect(request(`${page}/api/v1/info`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(readdirSync(tmp).filter((name) => !name.startsWith('nginx-upstream-ports'))).toEqual([]);
}

test('it prints what Netdata shows and ends', async () => {
  const tmp = tempDir('demo');
  const demo = await startDemo(tmp, '--seconds', '90', '--yes');
  expect((await demo.child.exited).code, demo.child.stderr()).toBe(0);
  const told = demo.child.stdout();
  expect(demo.child.stderr()).toBe('');
  for (const [chart, dimension] of [
    ['peer_failures', 'refused'],
    ['client_outcomes', 'masked'],
    ['client_outcomes', 'bad_gateway'],
    ['peer_failures', 'timed_out'],
    ['response_time', 'p95'],
  ]) {
    expect(told).toMatch(new RegExp(`on the chart after \\d+ s: ${chart}, .*: ${dimension} [\\d.]+`));
  }
  expect(told).toMatch(/alert CRITICAL nginx_upstream_clients_affected, upstream shop/);
  await expectNothingLeft(tmp, demo);
});

test('killed with -9 its children end; started again it clears up, and Ctrl-C ends it', async () => {
  const tmp = tempDir('demo');
  const first = await startDemo(tmp);
  expect(processesOf(first.folder).length).toBeGreaterThan(2);
  first.child.signal('SIGKILL');
  await first.child.exited;
  await waitUntil(() => processesOf(first.folder).length === 0, { what: 'its children to end', timeout: 30_000 });

  const second = await startDemo(tmp);
  expect(second.child.stdout()).toContain(`Removed the leftovers of a killed demo: ${first.folder}`);
  second.child.signal('SIGINT');
  expect((await second.child.exited).code).toBe(0);
  await expectNothingLeft(tmp, second);
});

test('where nginx cannot be had, one line says how to get it', async () => {
  const tmp = tempDir('demo');
  const env = {
    ...process.env,
    TMPDIR: tmp,
    PATH: join(tmp, 'none'),
    NGINX_UPSTREAM_PRIVATE: '1',
    NGINX_UPSTREAM_PACKAGES: join(tmp, 'packages'),
  };
  const { code, stderr } = await run(process.execPath, [join(home, 'demo/demo.cjs'), '--home', home], { env });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^install\.sh: error: nginx is not available: .*apt-get install nginx\n$/);
});
