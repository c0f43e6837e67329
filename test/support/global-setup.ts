/**
 * Runs once before the tests (vitest's globalSetup). Where end-to-end tests are among those selected, it builds dist if
 * a source is newer, and gets nginx and Netdata, so that no test's own time goes there. Unit tests alone need neither,
 * nor a network. NGINX_UPSTREAM_NO_BUILD=1 takes dist as it is.
 */

import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { askMachine } from './machine.ts';
import { builtPlugin, repository } from './repository.ts';
import { run } from './run.ts';
import { tool } from './servers/packages.ts';

const NEEDS_PROGRAMS = /\/test\/(e2e|full|install)\//;
const NEEDS_DIST = /\/test\/(e2e|full|install|contract)\//;

export default async function setup(project: TestProject): Promise<void> {
  const selected = project.vitest.state.getPaths();
  if (selected.some((path) => NEEDS_DIST.test(path)) && process.env['NGINX_UPSTREAM_NO_BUILD'] !== '1') await build();
  const needsPrograms = selected.some((path) => NEEDS_PROGRAMS.test(path));
  const machine = await askMachine(needsPrograms);
  project.provide('machine', machine);
  if (!needsPrograms) return;
  for (const why of new Set(Object.values(machine))) if (why !== null) console.error(`!!! NOT TESTED HERE: ${why}`);
  for (const name of ['nginx', 'netdata'] as const) {
    const { path, origin, version } = await tool(name);
    console.log(`${name}: ${path} (${origin}, ${version.split('\n')[0]})`);
  }
}

/** Under a lock: two runs side by side must not read what the other is writing. */
async function build(): Promise<void> {
  mkdirSync(join(repository, '.cache'), { recursive: true });
  const lock = join(repository, '.cache/build.lock');
  const output = builtPlugin;
  if (!existsSync(join(repository, 'collector/main.ts')) || !isStale(output)) return;
  console.log('building dist/nginx-upstream.plugin');
  const { code, stderr } = await run('flock', [lock, process.execPath, 'build.js'], { cwd: repository });
  if (code !== 0) throw new Error(`npm run build failed: ${stderr}`);
}

function isStale(output: string): boolean {
  if (!existsSync(output) || !existsSync(join(repository, 'dist/demo.cjs'))) return true;
  const built = statSync(output).mtimeMs;
  const sources = ['build.js', 'package.json', ...['collector', 'charts', 'demo'].flatMap(sourcesIn)];
  return sources.some((path) => statSync(join(repository, path)).mtimeMs > built);
}

const sourcesIn = (folder: string): string[] =>
  (existsSync(join(repository, folder))
    ? readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' })
    : []
  )
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join(folder, path));
